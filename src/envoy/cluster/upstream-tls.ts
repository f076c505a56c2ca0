/** TransportIr → TransportSocket of a cluster. */
import type { TransportIr } from '../../ir/cluster.ts';
import type { UpstreamTlsIr } from '../../ir/tls.ts';
import type { TransportSocket } from '../../proto/envoy/config/core/v3/base.ts';
import { ProxyProtocolConfig_Version } from '../../proto/envoy/config/core/v3/proxy_protocol.ts';
import { ProxyProtocolUpstreamTransport } from '../../proto/envoy/extensions/transport_sockets/proxy_protocol/v3/upstream_proxy_protocol.ts';
import { RawBuffer } from '../../proto/envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer.ts';
import {
  type CommonTlsContext,
  UpstreamTlsContext,
} from '../../proto/envoy/extensions/transport_sockets/tls/v3/tls.ts';
import { certificates, validationContext } from '../certificates.ts';
import { tlsParams } from '../tls-parameters.ts';
import { any } from '../values.ts';

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
const versions = { minVersion: 'TLSv1_2', maxVersion: 'TLSv1_3' };

function tlsSocket({ sni, alpn, certificate, validation, parameters }: UpstreamTlsIr): TransportSocket {
  const commonTlsContext: CommonTlsContext = {
    tlsParams: tlsParams({ ...versions, ...parameters }),
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
