import type { HashIr } from '../ir/route.ts';
import type { PortPolicy } from './destination-policy.ts';

/** By what a destination's requests are spread over its endpoints; empty unless a rule asks for consistent hashing. */
export function hashesOf({ loadBalancer }: PortPolicy): readonly HashIr[] {
  const hash = loadBalancer?.consistentHash;
  if (hash === undefined) return [];
  if (hash.httpHeaderName !== undefined) return [{ kind: 'header', name: hash.httpHeaderName }];
  if (hash.httpQueryParameterName !== undefined) return [{ kind: 'query', name: hash.httpQueryParameterName }];
  if (hash.useSourceIp === true) return [{ kind: 'source-ip' }];
  if (hash.httpCookie === undefined) return [];
  const { name, path = '', ttl, attributes = [] } = hash.httpCookie;
  return [
    {
      kind: 'cookie',
      name,
      ...(path === '' ? {} : { path }),
      ...(ttl === undefined ? {} : { ttlMs: ttl }),
      ...(attributes.length === 0
        ? {}
        : { attributes: attributes.map(({ name: attribute = '', value = '' }) => ({ name: attribute, value })) }),
    },
  ];
}
