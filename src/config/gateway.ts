/** The Gateway: its schema. */
import { boolean, enumOf, type Infer, list, map, object, string, uint32 } from '../lib/schema.ts';
import * as about from './about/gateway.ts';

const tlsVersion = enumOf('TLS_AUTO', 'TLSV1_0', 'TLSV1_1', 'TLSV1_2', 'TLSV1_3');

export const serverTls = object(
  {
    httpsRedirect: boolean,
    mode: enumOf('PASSTHROUGH', 'SIMPLE', 'MUTUAL', 'AUTO_PASSTHROUGH', 'ISTIO_MUTUAL', 'OPTIONAL_MUTUAL'),
    serverCertificate: string,
    privateKey: string,
    caCertificates: string,
    caCrl: string,
    caCertCredentialName: string,
    tlsCertificates: list(object({ serverCertificate: string, privateKey: string, caCertificates: string })),
    credentialName: string,
    credentialNames: list(string),
    subjectAltNames: list(string),
    verifyCertificateSpki: list(string),
    verifyCertificateHash: list(string),
    minProtocolVersion: tlsVersion,
    maxProtocolVersion: tlsVersion,
    cipherSuites: list(string),
  },
  { about: about.serverTls },
);

export const listenPort = object(
  { number: uint32, protocol: string, name: string, targetPort: uint32 },
  { about: about.listenPort },
);

const server = object(
  {
    port: listenPort,
    bind: string,
    hosts: list(string),
    tls: serverTls,
    defaultEndpoint: string,
    name: string,
  },
  { about: about.server },
);

export const gateway = object({ servers: list(server), selector: map(string) }, { about: about.gateway });

export type Gateway = Infer<typeof gateway>;
export type GatewayServer = Infer<typeof server>;
export type ServerTls = Infer<typeof serverTls>;
export type ListenPort = Infer<typeof listenPort>;
