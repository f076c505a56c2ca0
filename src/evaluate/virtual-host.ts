/** Which virtual host of a RouteConfiguration a request belongs to, by its host alone (Envoy, VirtualHost.domains). */
import type { RouteConfiguration } from '../proto/envoy/config/route/v3/route.ts';
import type { VirtualHost } from '../proto/envoy/config/route/v3/route_components.ts';
import { type Alternative, type Choice, chosen, ending } from './outcome.ts';
import { answer, type Request, splitPort } from './request.ts';

export function chooseVirtualHost(routes: RouteConfiguration, request: Request): Choice<VirtualHost> {
  const authority = routes.ignorePortInHostMatching === true ? splitPort(request.authority)[0] : request.authority;
  const host = authority.toLowerCase();
  const fitting = (routes.virtualHosts ?? []).flatMap((virtualHost, index) =>
    bestDomain(virtualHost, host).map((domain) => ({ virtualHost, index, ...domain })),
  );
  // Domains are unique within a RouteConfiguration, so that ranks of one kind differ; the sort keeps the order of equals.
  const [best, ...others] = fitting.sort((a, b) => a.kind - b.kind || b.length - a.length);
  if (best === undefined) {
    const because = `no virtual host has the domain ${host || '*'}`;
    return ending('virtual host', { ...answer(404, because), error: 'no virtual host matched' });
  }
  const passedOver: readonly Alternative[] = others.map(({ virtualHost, domain }) => ({
    name: virtualHost.name ?? '',
    because: `its domain ${domain} is less specific than ${best.domain}`,
  }));
  const { virtualHost, index, domain } = best;
  const because =
    domain === '*' ? `no other domain fits ${host || 'a request without host'}` : `its domain ${domain} fits`;
  return { found: virtualHost, step: chosen('virtual host', virtualHost.name, because, { index, passedOver }) };
}

interface FittingDomain {
  readonly domain: string;
  /** 0 exact, 1 `*.suffix`, 2 `prefix.*`, 3 `*`. */
  readonly kind: 0 | 1 | 2 | 3;
  readonly length: number;
}

/** The most specific domain of a virtual host that fits; none or one. */
function bestDomain({ domains = [] }: VirtualHost, host: string): readonly FittingDomain[] {
  const fitting = domains.flatMap((domain) => fit(domain, host)).sort((a, b) => a.kind - b.kind || b.length - a.length);
  return fitting.slice(0, 1);
}

function fit(domain: string, host: string): readonly FittingDomain[] {
  const pattern = domain.toLowerCase();
  const { length } = pattern;
  if (pattern === '*') return [{ domain, kind: 3, length }];
  if (pattern === host) return [{ domain, kind: 0, length }];
  // A wildcard stands for at least one character.
  if (host.length < length) return [];
  if (pattern.startsWith('*')) return host.endsWith(pattern.slice(1)) ? [{ domain, kind: 1, length }] : [];
  if (pattern.endsWith('*')) return host.startsWith(pattern.slice(0, -1)) ? [{ domain, kind: 2, length }] : [];
  return [];
}
