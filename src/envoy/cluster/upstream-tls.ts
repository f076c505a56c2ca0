/** TransportIr → TransportSocket of a cluster. */
import type { CertificateSourceIr, TransportIr, UpstreamTlsIr, ValidationIr } from '../../ir/cluster.ts';
import type { TransportSocket } from '../../proto/envoy/config/core/v3/base.ts';
import { ProxyProtocolConfig_Version } from '../../proto/envoy/config/core/v3/proxy_protocol.ts';
import { ProxyProtocolUpstreamTransport } from '../../proto/envoy/extensions/transport_sockets/proxy_protocol/v3/upstream_proxy_protocol.ts';
import { RawBuffer } from '../../proto/envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer.ts';
import {
  type CertificateValidationContext,
  TlsParameters_TlsProtocol,
} from '../../proto/envoy/extensions/transport_sockets/tls/v3/common.ts';
import type { SdsSecretConfig } from '../../proto/envoy/extensions/transport_sockets/tls/v3/secret.ts';
import {
  type CommonTlsContext,
  UpstreamTlsContext,
} from '../../proto/envoy/extensions/transport_sockets/tls/v3/tls.ts';
import { any, secretsOverAds } from '../values.ts';

export function transportSocket({ tls, proxyProtocol }: TransportIr): TransportSocket {
  const inner = tls === undefined ? rawBuffer : tlsSocket(tls);
  if (proxyProtocol === undefined) return inner;
  return typed(
    'envoy.transport_sockets.upstream_proxy_protocol',
    any(ProxyProtocolUpstreamTransport, {
      config: { version: ProxyProtocolConfig_Version[proxyProtocol] },
      transportSocket: inner,
    }),
  );
}

const rawBuffer = typed('envoy.transport_sockets.raw_buffer', any(RawBuffer, {}));

function typed(name: string, value: ReturnType<typeof any>): TransportSocket {
  return { name, configType: { $case: 'typedConfig', value } };
}

/** Without a word from us, Envoy as a client stops at TLS 1.2. */
const versions = {
  tlsMinimumProtocolVersion: TlsParameters_TlsProtocol.TLSv1_2,
  tlsMaximumProtocolVersion: TlsParameters_TlsProtocol.TLSv1_3,
};

function tlsSocket({ sni, alpn, certificate, validation }: UpstreamTlsIr): TransportSocket {
  const commonTlsContext: CommonTlsContext = {
    tlsParams: versions,
    ...(alpn.length === 0 ? {} : { alpnProtocols: [...alpn] }),
    ...(certificate === undefined ? {} : certificates([certificate])),
    ...(validation === 'none'
      ? { validationContextType: { $case: 'validationContext', value: {} } }
      : { validationContextType: validationContext(validation) }),
  };
  return typed(
    'envoy.transport_sockets.tls',
    any(UpstreamTlsContext, { commonTlsContext, ...(sni === undefined ? {} : { sni }) }),
  );
}

/** A secret that the control plane hands out over the aggregated stream. */
function secret(name: string): SdsSecretConfig {
  return { name, sdsConfig: secretsOverAds };
}

export function certificates(sources: readonly CertificateSourceIr[]): CommonTlsContext {
  const files = sources.filter((source) => source.kind === 'files');
  const secrets = sources.filter((source) => source.kind === 'sds');
  const file = (filename: string) => ({ specifier: { $case: 'filename' as const, value: filename } });
  return {
    ...(files.length === 0
      ? {}
      : {
          tlsCertificates: files.map(({ certificate, key }) => ({
            certificateChain: file(certificate),
            privateKey: file(key),
          })),
        }),
    ...(secrets.length === 0 ? {} : { tlsCertificateSdsSecretConfigs: secrets.map(({ name }) => secret(name)) }),
  };
}

export function validationContext({
  authority,
  subjectAltNames,
  revocationList,
}: ValidationIr): NonNullable<CommonTlsContext['validationContextType']> {
  const context: CertificateValidationContext = {
    ...(subjectAltNames.length === 0
      ? {}
      : {
          matchSubjectAltNames: subjectAltNames.map((name) => ({
            matchPattern: { $case: 'exact' as const, value: name },
          })),
        }),
    ...(revocationList === undefined ? {} : { crl: { specifier: { $case: 'filename', value: revocationList } } }),
    ...(authority.kind === 'system' ? { systemRootCerts: {} } : {}),
    ...(authority.kind === 'file' ? { trustedCa: { specifier: { $case: 'filename', value: authority.path } } } : {}),
  };
  if (authority.kind !== 'sds') return { $case: 'validationContext', value: context };
  return {
    $case: 'combinedValidationContext',
    value: { defaultValidationContext: context, validationContextSdsSecretConfig: secret(authority.name) },
  };
}
