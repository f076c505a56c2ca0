/** Every destination of a VirtualService, with its place. */
import type { Config } from '../config/config.ts';
import type { Destination, VirtualService } from '../config/virtual-service.ts';
import { type Hostname, resolveShortName } from '../model/hostname.ts';

export interface PlacedDestination {
  /** The full name. */
  readonly host: Hostname;
  readonly destination: Destination;
  readonly protocol: 'http' | 'tls' | 'tcp';
  /** `spec.http[0].route[1].destination` */
  readonly path: string;
}

export function destinationsIn({ spec, namespace }: Config<VirtualService>): readonly PlacedDestination[] {
  const { http = [], tls = [], tcp = [] } = spec;
  const found: PlacedDestination[] = [];
  const add = (destination: Destination, protocol: PlacedDestination['protocol'], path: string) =>
    found.push({ host: resolveShortName(destination.host, namespace), destination, protocol, path });
  for (const [i, { route = [], mirror, mirrors = [] }] of http.entries()) {
    for (const [j, { destination }] of route.entries())
      add(destination, 'http', `spec.http[${i}].route[${j}].destination`);
    if (mirror !== undefined) add(mirror, 'http', `spec.http[${i}].mirror`);
    for (const [j, { destination }] of mirrors.entries())
      add(destination, 'http', `spec.http[${i}].mirrors[${j}].destination`);
  }
  for (const [protocol, routes] of [
    ['tls', tls],
    ['tcp', tcp],
  ] as const)
    for (const [i, { route = [] }] of routes.entries())
      for (const [j, { destination }] of route.entries())
        add(destination, protocol, `spec.${protocol}[${i}].route[${j}].destination`);
  return found;
}
