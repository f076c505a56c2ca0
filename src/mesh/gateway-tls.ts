/** How a server of a Gateway takes TLS connections that it does not pass through. */
import type { ServerTls } from '../config/gateway.ts';
import type {
  AuthoritySourceIr,
  CertificateSourceIr,
  DownstreamTlsIr,
  TlsParametersIr,
  ValidationIr,
} from '../ir/tls.ts';
import { serverCredentials, validatesClients } from './credentials.ts';
import { tlsParameters } from './tls-parameters.ts';

/** What is spoken inside: requests, or bytes that nobody looks at. */
export type Inside = 'http' | 'tcp';

/** `defaults` hold for what the server leaves open, unless it takes connections of the mesh. */
export function terminatedTls(tls: ServerTls, inside: Inside, defaults: TlsParametersIr): DownstreamTlsIr {
  const alpn = ['h2', 'http/1.1'];
  if (tls.mode === 'ISTIO_MUTUAL')
    return {
      certificates: [{ kind: 'workload' }],
      validation: validation(tls, { kind: 'workload' }),
      requiresClientCertificate: true,
      alpn: inside === 'tcp' ? ['istio-peer-exchange', ...alpn] : alpn,
    };
  return {
    certificates: certificateSources(tls),
    ...(validatesClients(tls) ? { validation: validation(tls, clientAuthority(tls)) } : {}),
    requiresClientCertificate: tls.mode === 'MUTUAL',
    alpn,
    ...defaults,
    ...tlsParameters(tls),
  };
}

function validation(tls: ServerTls, authority: AuthoritySourceIr): ValidationIr {
  const { subjectAltNames = [], caCrl = '', verifyCertificateHash = [], verifyCertificateSpki = [] } = tls;
  return {
    authority,
    subjectAltNames,
    ...(caCrl === '' ? {} : { revocationList: caCrl }),
    ...(verifyCertificateHash.length === 0 ? {} : { certificateHashes: verifyCertificateHash }),
    ...(verifyCertificateSpki.length === 0 ? {} : { certificateSpki: verifyCertificateSpki }),
  };
}

function certificateSources(tls: ServerTls): readonly CertificateSourceIr[] {
  const { certificates } = serverCredentials(tls);
  if (certificates.length > 0) return certificates.map((name) => ({ kind: 'sds', name }));
  const { tlsCertificates = [] } = tls;
  const pairs = tlsCertificates.length > 0 ? tlsCertificates : [tls];
  return pairs.map(({ serverCertificate = '', privateKey = '' }) => ({
    kind: 'files',
    certificate: serverCertificate,
    key: privateKey,
  }));
}

function clientAuthority(tls: ServerTls): AuthoritySourceIr {
  const { authority } = serverCredentials(tls);
  if (authority !== undefined) return { kind: 'sds', name: authority };
  const ofPair = tls.tlsCertificates?.find(({ caCertificates = '' }) => caCertificates !== '')?.caCertificates;
  return { kind: 'file', path: tls.caCertificates || ofPair || '' };
}
