/** The rules for the TLS that a server ends, of Gateways and of Sidecars' ingress listeners, beyond its schema. */
import type { Path } from '../../lib/schema.ts';
import type { ServerTls } from '../gateway.ts';
import type { Check } from './check.ts';
import { checkSuites } from './tls-parameters.ts';

export function checkServerTls(check: Check, path: Path, tls: ServerTls): void {
  const { mode = 'PASSTHROUGH' } = tls;
  if (mode === 'ISTIO_MUTUAL') {
    if (certificateFields(tls).length > 0)
      check.error('FW0404', path, 'expected no certificates for mode ISTIO_MUTUAL, which uses those of the mesh');
  } else if (mode === 'PASSTHROUGH' || mode === 'AUTO_PASSTHROUGH') {
    const found = certificateFields(tls);
    if (found.length > 0)
      check.warning(
        'FW0404',
        path,
        `expected no certificates for mode ${mode}, found ${found.join(' and ')}: they have no effect`,
      );
    checkOneSource(check, path, tls);
  } else {
    checkOneSource(check, path, tls);
    if (credentialsOf(tls).length === 0) checkFiles(check, path, tls);
  }
  if (mode === 'SIMPLE' && (tls.subjectAltNames ?? []).length > 0)
    check.warning(
      'FW0404',
      [...path, 'subjectAltNames'],
      'expected none for mode SIMPLE, which asks for no client certificate: they have no effect',
    );
  checkSuites(check, 'FW0404', [...path, 'cipherSuites'], tls.cipherSuites ?? []);
  checkVersions(check, path, tls);
  for (const [i, hash] of (tls.verifyCertificateHash ?? []).entries())
    if (!/^([0-9a-fA-F]{2}:?){32}$/.test(hash))
      check.error('FW0404', [...path, 'verifyCertificateHash', i], 'expected 32 bytes in hexadecimal, found others');
  for (const [i, spki] of (tls.verifyCertificateSpki ?? []).entries())
    if (Buffer.from(spki, 'base64').length !== 32)
      check.error('FW0404', [...path, 'verifyCertificateSpki', i], 'expected 32 bytes in base64, found others');
}

/** The Secrets that hold the certificates. */
function credentialsOf({ credentialName = '', credentialNames = [] }: ServerTls): readonly string[] {
  return [...(credentialName === '' ? [] : [credentialName]), ...credentialNames];
}

function certificateFields(tls: ServerTls): readonly string[] {
  const texts = ['serverCertificate', 'privateKey', 'caCertificates', 'caCrl', 'credentialName'] as const;
  const lists = ['tlsCertificates', 'credentialNames'] as const;
  return [...texts.filter((name) => (tls[name] ?? '') !== ''), ...lists.filter((name) => (tls[name] ?? []).length > 0)];
}

function checkOneSource(check: Check, path: Path, tls: ServerTls): void {
  const { serverCertificate = '', privateKey = '', credentialName = '' } = tls;
  const sources = [
    serverCertificate !== '' && privateKey !== '' ? 'serverCertificate and privateKey' : undefined,
    credentialName === '' ? undefined : 'credentialName',
    (tls.credentialNames ?? []).length === 0 ? undefined : 'credentialNames',
    (tls.tlsCertificates ?? []).length === 0 ? undefined : 'tlsCertificates',
  ].filter((source) => source !== undefined);
  if (sources.length > 1)
    check.error('FW0404', path, `expected one source of certificates, found ${sources.join(', ')}`);
}

function checkFiles(check: Check, path: Path, tls: ServerTls): void {
  const { mode = 'PASSTHROUGH', tlsCertificates = [], caCertificates = '', caCrl = '' } = tls;
  const pairs = tlsCertificates.length === 0 ? [tls] : tlsCertificates;
  for (const [i, { serverCertificate = '', privateKey = '' }] of pairs.entries()) {
    const at = tlsCertificates.length === 0 ? path : [...path, 'tlsCertificates', i];
    if (serverCertificate === '' || privateKey === '')
      check.error(
        'FW0404',
        at,
        `expected credentialName, or serverCertificate and privateKey, for mode ${mode}, found ${serverCertificate === '' ? (privateKey === '' ? 'none' : 'a key alone') : 'a certificate alone'}`,
      );
  }
  if (tlsCertificates.length > 2)
    check.warning(
      'FW0404',
      [...path, 'tlsCertificates'],
      `expected at most two certificates (RSA and ECDSA), found ${tlsCertificates.length}`,
    );
  const asksForClient = mode === 'MUTUAL' || mode === 'OPTIONAL_MUTUAL';
  if (asksForClient && caCertificates === '')
    check.error('FW0404', path, `expected caCertificates, the path of a CA bundle, for mode ${mode}, found none`);
  if (mode === 'SIMPLE' && caCrl !== '')
    check.error('FW0404', [...path, 'caCrl'], 'expected none for mode SIMPLE, which asks for no client certificate');
}

const versions = ['TLS_AUTO', 'TLSV1_0', 'TLSV1_1', 'TLSV1_2', 'TLSV1_3'];

function checkVersions(check: Check, path: Path, tls: ServerTls): void {
  const { minProtocolVersion: least = 'TLS_AUTO', maxProtocolVersion: most = 'TLS_AUTO', cipherSuites = [] } = tls;
  if (most !== 'TLS_AUTO' && versions.indexOf(least) > versions.indexOf(most))
    check.warning(
      'FW0404',
      path,
      `expected minProtocolVersion not above maxProtocolVersion, found ${least} and ${most}: no client can connect`,
    );
  if ((least === 'TLSV1_0' || least === 'TLSV1_1') && cipherSuites.length === 0)
    check.warning(
      'FW0404',
      [...path, 'minProtocolVersion'],
      `expected cipherSuites for ${least}, found none: the default ones are for TLS 1.2 and above`,
    );
}
