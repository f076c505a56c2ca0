/** What the fields of a Gateway are for. */

export const serverTls = {
  httpsRedirect: 'Whether plain HTTP is answered with a redirect to HTTPS.',
  mode: 'Whether TLS ends here, whether clients show certificates, or whether it is passed through.',
  serverCertificate: 'The file of the certificate.',
  privateKey: 'The file of its private key.',
  caCertificates: 'The file of authorities that the certificates of clients must come from.',
  caCrl: 'The file of certificates that are revoked.',
  caCertCredentialName: 'The Secret or ConfigMap with authorities for the certificates of clients.',
  tlsCertificates: 'Certificates of several kinds, such as RSA and ECDSA.',
  'tlsCertificates.serverCertificate': 'The file of the certificate.',
  'tlsCertificates.privateKey': 'The file of its private key.',
  'tlsCertificates.caCertificates': 'Not used here: authorities stand beside the list.',
  credentialName: 'The Secret with certificate and key, in place of files.',
  credentialNames: 'Secrets with certificates of several kinds.',
  subjectAltNames: 'Names of which the certificate of a client must have one.',
  verifyCertificateSpki: 'SHA-256 hashes, in base64, of public keys that clients may have.',
  verifyCertificateHash: 'SHA-256 hashes, in hexadecimal, of certificates that clients may have.',
  minProtocolVersion: 'The oldest version of TLS that clients may use.',
  maxProtocolVersion: 'The newest version of TLS that clients may use.',
  cipherSuites: 'Ciphers that clients may use, up to TLS 1.2.',
};

export const listenPort = {
  number: 'The number of the port.',
  protocol: 'HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, TLS, TCP, MONGO and the like.',
  name: 'A name for the port.',
  targetPort: 'Accepted without effect.',
};

export const server = {
  port: 'The port that clients connect to.',
  bind: 'The address or unix:// path to listen on; all addresses by default.',
  hosts: 'Hosts that are served: names, or ones that start with *, each with a namespace/ in front if wanted.',
  tls: 'TLS of the port.',
  defaultEndpoint: 'Accepted without effect.',
  name: 'A name for the server, for people and statistics.',
};

export const gateway = {
  servers: 'Ports with the hosts that are served there.',
  selector: 'Labels of the gateway workloads that the object is for.',
};
