/** The addresses that stand for all of a proxy's own. */
import type { Client } from '../model/scope.ts';

export interface Wildcards {
  readonly ip: string;
  /** Where it has both families: Envoy binds each by itself. */
  readonly moreAddresses?: readonly string[];
}

export function wildcards(family: Client['family']): Wildcards {
  switch (family) {
    case 'v4':
      return { ip: '0.0.0.0' };
    case 'v6':
      return { ip: '::' };
    case 'dual':
      return { ip: '0.0.0.0', moreAddresses: ['::'] };
  }
}

export function familyOf(families: readonly ('v4' | 'v6')[]): Client['family'] {
  return families.length > 1 ? 'dual' : (families[0] ?? 'v4');
}
