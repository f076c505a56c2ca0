import { describe } from 'node:test';
import { neighbours } from '../../../test/support/neighbours.ts';

const check = neighbours(
  'Gateway',
  (part) => `servers: [{port: {number: 443, name: a, protocol: HTTPS}, hosts: ['*'], tls: {${part}}}]`,
);
const at = 'spec.servers[0].tls';
const files = 'serverCertificate: /c, privateKey: /k';
const simple = 'mode: SIMPLE, credentialName: c';

describe('the certificates of a server', () => {
  check(
    'are there for mode SIMPLE',
    `mode: SIMPLE, ${files}`,
    'mode: SIMPLE, serverCertificate: /c',
    `error FW0404 ${at}: expected credentialName, or serverCertificate and privateKey, for mode SIMPLE, found a certificate alone`,
  );
  check(
    'come from one source',
    'mode: SIMPLE, credentialNames: [c, d]',
    `${simple}, credentialNames: [d]`,
    `error FW0404 ${at}: expected one source of certificates, found credentialName, credentialNames`,
  );
  check(
    'are whole in lists',
    `mode: SIMPLE, tlsCertificates: [{${files}}, {${files}}]`,
    `mode: SIMPLE, tlsCertificates: [{${files}}, {privateKey: /k}, {${files}}]`,
    `error FW0404 ${at}.tlsCertificates[1]: expected credentialName, or serverCertificate and privateKey, for mode SIMPLE, found a key alone`,
    `warning FW0404 ${at}.tlsCertificates: expected at most two certificates (RSA and ECDSA), found 3`,
  );
  check(
    'of clients are checked against a CA',
    `mode: MUTUAL, ${files}, caCertificates: /ca`,
    `mode: OPTIONAL_MUTUAL, ${files}`,
    `error FW0404 ${at}: expected caCertificates, the path of a CA bundle, for mode OPTIONAL_MUTUAL, found none`,
  );
  check(
    'of clients are revoked where they are asked for',
    `mode: MUTUAL, ${files}, caCertificates: /ca, caCrl: /r`,
    `mode: SIMPLE, ${files}, caCrl: /r`,
    `error FW0404 ${at}.caCrl: expected none for mode SIMPLE, which asks for no client certificate`,
  );
  check(
    'of clients have names that are looked at where they are asked for',
    'mode: MUTUAL, credentialName: c, subjectAltNames: [a.test]',
    'mode: SIMPLE, credentialName: c, subjectAltNames: [a.test]',
    `warning FW0404 ${at}.subjectAltNames: expected none for mode SIMPLE, which asks for no client certificate: they have no effect`,
  );
  check(
    'are those of the mesh for mode ISTIO_MUTUAL',
    'mode: ISTIO_MUTUAL',
    'mode: ISTIO_MUTUAL, credentialNames: [c]',
    `error FW0404 ${at}: expected no certificates for mode ISTIO_MUTUAL, which uses those of the mesh`,
  );
  check(
    'are not there for what is passed through',
    'mode: PASSTHROUGH',
    'mode: AUTO_PASSTHROUGH, credentialName: c',
    `warning FW0404 ${at}: expected no certificates for mode AUTO_PASSTHROUGH, found credentialName: they have no effect`,
  );
  check(
    'of clients are known by hashes',
    `${simple}, verifyCertificateHash: [${'0a'.repeat(32)}], verifyCertificateSpki: [${Buffer.alloc(32).toString('base64')}]`,
    `${simple}, verifyCertificateHash: [0a], verifyCertificateSpki: [AAAA]`,
    `error FW0404 ${at}.verifyCertificateHash[0]: expected 32 bytes in hexadecimal, found others`,
    `error FW0404 ${at}.verifyCertificateSpki[0]: expected 32 bytes in base64, found others`,
  );
});

describe('the versions and ciphers of a server', () => {
  check(
    'are known',
    `${simple}, cipherSuites: [AES128-SHA, "[AES256-SHA|AES256-GCM-SHA384]", "-AES256-SHA"]`,
    `${simple}, cipherSuites: [AES128-SHA, AES128-SHA, RC4, AES128-SHA|AES256-SHA]`,
    `warning FW0404 ${at}.cipherSuites[1]: expected each cipher suite once, found AES128-SHA again`,
    `warning FW0404 ${at}.cipherSuites[2]: expected a cipher suite of TLS 1.2 that Envoy has, found RC4: it is left out`,
    `warning FW0404 ${at}.cipherSuites[3]: expected a cipher suite of TLS 1.2 that Envoy has, found AES128-SHA|AES256-SHA: it is left out`,
  );
  check(
    'leave something to agree on',
    `${simple}, minProtocolVersion: TLSV1_2, maxProtocolVersion: TLSV1_2`,
    `${simple}, minProtocolVersion: TLSV1_3, maxProtocolVersion: TLSV1_2`,
    `warning FW0404 ${at}: expected minProtocolVersion not above maxProtocolVersion, found TLSV1_3 and TLSV1_2: no client can connect`,
  );
  check(
    'fit each other',
    `${simple}, minProtocolVersion: TLSV1_0, cipherSuites: [AES128-SHA]`,
    `${simple}, minProtocolVersion: TLSV1_0`,
    `warning FW0404 ${at}.minProtocolVersion: expected cipherSuites for TLSV1_0, found none: the default ones are for TLS 1.2 and above`,
  );
});
