/** Which route of a virtual host serves a request: the first that matches. */
import {
  type Route,
  VirtualHost_TlsRequirementType as TlsRequirement,
  type VirtualHost,
} from '../proto/envoy/config/route/v3/route_components.ts';
import { type Choice, chosen, ending } from './outcome.ts';
import { answer, type Request } from './request.ts';
import { mismatch } from './route-match.ts';

export function chooseRoute(virtualHost: VirtualHost, request: Request): Choice<Route> {
  const { requireTls = TlsRequirement.NONE, matcher, routes = [] } = virtualHost;
  if (requireTls !== TlsRequirement.NONE && request.forwardedProto !== 'https') {
    const location = `https://${request.authority}${request.path ?? ''}`;
    const because = 'the virtual host requires TLS';
    return ending('route', { ...answer(301, because), location, error: 'tls required, sending 301' });
  }
  if (matcher !== undefined) {
    const because = 'the virtual host chooses routes by a matcher tree, which is not evaluated';
    return ending('route', { kind: 'undecided', because });
  }
  const verdicts = routes.map((route, index) => ({ route, index, reason: mismatch(route.match ?? {}, request) }));
  const first = verdicts.find(({ reason }) => reason === undefined);
  const passedOver = verdicts
    .filter((one) => one !== first && (first === undefined || one.index < first.index || one.reason === undefined))
    .map(({ route, index, reason }) => ({
      name: nameOf(route, index),
      because: reason ?? 'it matches too, but comes later',
    }));
  if (first === undefined) {
    const because = routes.length === 0 ? 'the virtual host has no routes' : 'no route matches';
    return ending('route', { ...answer(404, because), error: 'no route matched' }, passedOver);
  }
  const { route, index } = first;
  const because = index === 0 ? 'the first route matches' : 'it is the first that matches';
  return { found: route, step: chosen('route', route.name ?? '', because, { index, passedOver }) };
}

function nameOf({ name }: Route, index: number): string {
  return name || `route ${index}`;
}
