/** DownstreamTlsIr → TransportSocket of a filter chain. */
import type { DownstreamTlsIr } from '../../ir/tls.ts';
import type { TransportSocket } from '../../proto/envoy/config/core/v3/base.ts';
import { TlsParameters_TlsProtocol } from '../../proto/envoy/extensions/transport_sockets/tls/v3/common.ts';
import {
  type CommonTlsContext,
  DownstreamTlsContext,
} from '../../proto/envoy/extensions/transport_sockets/tls/v3/tls.ts';
import { certificates, validationContext } from '../certificates.ts';
import { any } from '../values.ts';

export function downstreamTls(ir: DownstreamTlsIr): TransportSocket {
  const { minVersion, maxVersion, ciphers, validation } = ir;
  const version = (name: string) => TlsParameters_TlsProtocol[name as keyof typeof TlsParameters_TlsProtocol];
  const hasParameters = minVersion !== undefined || maxVersion !== undefined || ciphers !== undefined;
  const commonTlsContext: CommonTlsContext = {
    alpnProtocols: [...ir.alpn],
    ...certificates(ir.certificates),
    ...(validation === undefined ? {} : { validationContextType: validationContext(validation) }),
    ...(hasParameters
      ? {
          tlsParams: {
            ...(minVersion === undefined ? {} : { tlsMinimumProtocolVersion: version(minVersion) }),
            ...(maxVersion === undefined ? {} : { tlsMaximumProtocolVersion: version(maxVersion) }),
            ...(ciphers === undefined ? {} : { cipherSuites: [...ciphers] }),
          },
        }
      : {}),
  };
  return {
    name: 'envoy.transport_sockets.tls',
    configType: {
      $case: 'typedConfig',
      value: any(DownstreamTlsContext, { commonTlsContext, requireClientCertificate: ir.requiresClientCertificate }),
    },
  };
}
