/** Where a proxy finds certificates and whom it believes: IR → references to secrets. */
import type { AuthoritySourceIr, CertificateSourceIr, ValidationIr } from '../ir/tls.ts';
import { ApiConfigSource_ApiType, ApiVersion, type ConfigSource } from '../proto/envoy/config/core/v3/config_source.ts';
import type { CertificateValidationContext } from '../proto/envoy/extensions/transport_sockets/tls/v3/common.ts';
import type { SdsSecretConfig } from '../proto/envoy/extensions/transport_sockets/tls/v3/secret.ts';
import type { CommonTlsContext } from '../proto/envoy/extensions/transport_sockets/tls/v3/tls.ts';
import { authorityFileName, certificateFilesName } from './file-secret.ts';
import { duration } from './values.ts';

/** The aggregated stream, with Envoy's own bound on the wait: a secret that does not come must not hold up a listener. */
const overAds: ConfigSource = {
  configSourceSpecifier: { $case: 'ads', value: {} },
  resourceApiVersion: ApiVersion.V3,
};

/** The cluster of each proxy's bootstrap that serves what lies at the proxy itself: its files, its identity. */
const overSds: ConfigSource = {
  configSourceSpecifier: {
    $case: 'apiConfigSource',
    value: {
      apiType: ApiConfigSource_ApiType.GRPC,
      grpcServices: [{ targetSpecifier: { $case: 'envoyGrpc', value: { clusterName: 'sds-grpc' } } }],
      setNodeOnFirstMessageOnly: true,
      transportApiVersion: ApiVersion.V3,
    },
  },
  resourceApiVersion: ApiVersion.V3,
};

/** An identity may take a while to be issued; without it nothing can be served. */
const overSdsForAsLongAsItTakes: ConfigSource = { ...overSds, initialFetchTimeout: duration(0) };

export function certificates(
  sources: readonly CertificateSourceIr[],
): Pick<CommonTlsContext, 'tlsCertificateSdsSecretConfigs'> {
  return { tlsCertificateSdsSecretConfigs: sources.map(certificate) };
}

function certificate(source: CertificateSourceIr): SdsSecretConfig {
  switch (source.kind) {
    case 'sds':
      return { name: source.name, sdsConfig: overAds };
    case 'files':
      return { name: certificateFilesName(source.certificate, source.key), sdsConfig: overSds };
    case 'workload':
      return { name: 'default', sdsConfig: overSdsForAsLongAsItTakes };
  }
}

function authorities(source: AuthoritySourceIr): SdsSecretConfig {
  switch (source.kind) {
    case 'sds':
      return { name: source.name, sdsConfig: overAds };
    case 'file':
      return { name: authorityFileName(source.path), sdsConfig: overSds };
    case 'system':
      return { name: authorityFileName('system'), sdsConfig: overSds };
    case 'workload':
      return { name: 'ROOTCA', sdsConfig: overSdsForAsLongAsItTakes };
  }
}

export function validationContext({
  authority,
  subjectAltNames,
  revocationList,
  certificateHashes = [],
  certificateSpki = [],
}: ValidationIr): NonNullable<CommonTlsContext['validationContextType']> {
  const defaultValidationContext: CertificateValidationContext = {
    ...(subjectAltNames.length === 0
      ? {}
      : {
          matchSubjectAltNames: subjectAltNames.map((name) => ({
            matchPattern: { $case: 'exact' as const, value: name },
          })),
        }),
    ...(certificateHashes.length === 0 ? {} : { verifyCertificateHash: [...certificateHashes] }),
    ...(certificateSpki.length === 0 ? {} : { verifyCertificateSpki: [...certificateSpki] }),
    ...(revocationList === undefined ? {} : { crl: { specifier: { $case: 'filename', value: revocationList } } }),
  };
  return {
    $case: 'combinedValidationContext',
    value: { defaultValidationContext, validationContextSdsSecretConfig: authorities(authority) },
  };
}
