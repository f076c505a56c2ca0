import type { Service } from '../model/service.ts';
import type { RelatedOrigin } from './analyzer.ts';

/** A service that lacks the port that was asked for, with those that it has. */
export function servicePorts({ origin, ports }: Service): RelatedOrigin {
  const numbers = ports.map(({ number }) => number).join(', ');
  return { origin, path: 'spec.ports', reason: `has the ports ${numbers || 'none'}` };
}
