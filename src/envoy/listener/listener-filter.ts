/** ListenerFilterIr → ListenerFilter. */
import type { ListenerFilterIr, PortSetIr } from '../../ir/listener.ts';
import type {
  ListenerFilter,
  ListenerFilterChainMatchPredicate,
} from '../../proto/envoy/config/listener/v3/listener_components.ts';
import { HttpInspector } from '../../proto/envoy/extensions/filters/listener/http_inspector/v3/http_inspector.ts';
import { OriginalDst } from '../../proto/envoy/extensions/filters/listener/original_dst/v3/original_dst.ts';
import { OriginalSrc } from '../../proto/envoy/extensions/filters/listener/original_src/v3/original_src.ts';
import { ProxyProtocol } from '../../proto/envoy/extensions/filters/listener/proxy_protocol/v3/proxy_protocol.ts';
import { TlsInspector } from '../../proto/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector.ts';
import type { Any } from '../../proto/google/protobuf/any.ts';
import { any } from '../values.ts';

export function listenerFilter(ir: ListenerFilterIr): ListenerFilter {
  switch (ir.kind) {
    case 'original-destination':
      return filter('original_dst', any(OriginalDst, {}));
    case 'original-source':
      return filter('original_src', any(OriginalSrc, { mark: ir.mark }));
    case 'proxy-protocol':
      return filter('proxy_protocol', any(ProxyProtocol, {}));
    case 'tls-inspector':
      // The first read covers a usual client hello; Envoy's default of 16 KiB is kept per connection.
      return filter('tls_inspector', any(TlsInspector, { initialReadBufferSize: 512 }), ir.disabledFor);
    case 'http-inspector':
      return filter('http_inspector', any(HttpInspector, {}), ir.disabledFor);
  }
}

function filter(name: string, value: Any, disabledFor?: PortSetIr): ListenerFilter {
  return {
    name: `envoy.filters.listener.${name}`,
    configType: { $case: 'typedConfig', value },
    ...(disabledFor === undefined ? {} : { filterDisabled: portPredicate(disabledFor) }),
  };
}

function portPredicate({ ports, isComplement }: PortSetIr): ListenerFilterChainMatchPredicate {
  const rules: ListenerFilterChainMatchPredicate[] = ports.map((port) => ({
    rule: { $case: 'destinationPortRange', value: { start: port, end: port + 1 } },
  }));
  const [only] = rules;
  const within: ListenerFilterChainMatchPredicate =
    rules.length === 1 && only !== undefined ? only : { rule: { $case: 'orMatch', value: { rules } } };
  return isComplement === true ? { rule: { $case: 'notMatch', value: within } } : within;
}
