/** Every match of a VirtualService, with its place. */
import type { Config } from '../config/config.ts';
import type { VirtualService } from '../config/virtual-service.ts';

export interface PlacedMatch {
  readonly port?: number;
  readonly gateways?: readonly string[];
  /** `spec.http[0].match[1]` */
  readonly path: string;
}

export function matchesIn({ spec: { http = [], tls = [], tcp = [] } }: Config<VirtualService>): readonly PlacedMatch[] {
  return [['http', http] as const, ['tls', tls] as const, ['tcp', tcp] as const].flatMap(([list, routes]) =>
    routes.flatMap(({ match = [] }, i) =>
      match.map(({ port, gateways }, j) => ({
        ...(port === undefined ? {} : { port }),
        ...(gateways === undefined ? {} : { gateways }),
        path: `spec.${list}[${i}].match[${j}]`,
      })),
    ),
  );
}
