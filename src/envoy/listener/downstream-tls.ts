/** DownstreamTlsIr → TransportSocket of a filter chain. */
import type { DownstreamTlsIr } from '../../ir/tls.ts';
import type { TransportSocket } from '../../proto/envoy/config/core/v3/base.ts';
import {
  type CommonTlsContext,
  DownstreamTlsContext,
} from '../../proto/envoy/extensions/transport_sockets/tls/v3/tls.ts';
import { certificates, validationContext } from '../certificates.ts';
import { tlsParams } from '../tls-parameters.ts';
import { any } from '../values.ts';

export function downstreamTls(ir: DownstreamTlsIr): TransportSocket {
  const { validation } = ir;
  const parameters = tlsParams(ir);
  const commonTlsContext: CommonTlsContext = {
    alpnProtocols: [...ir.alpn],
    ...certificates(ir.certificates),
    ...(validation === undefined ? {} : { validationContextType: validationContext(validation) }),
    ...(Object.keys(parameters).length === 0 ? {} : { tlsParams: parameters }),
  };
  return {
    name: 'envoy.transport_sockets.tls',
    configType: {
      $case: 'typedConfig',
      value: any(DownstreamTlsContext, { commonTlsContext, requireClientCertificate: ir.requiresClientCertificate }),
    },
  };
}
