/** The port that clients call a service at, in catalogs that know only the ports of instances. */
import { parseProtocol } from '../../model/protocol.ts';
import type { ServicePort } from '../../model/service.ts';

/** What one instance says of it. */
export interface PortStatement {
  /** Where the instance listens; of no consequence unless it can be a port. */
  readonly port: number;
  /** The number that clients shall call, as text that somebody wrote. */
  readonly servicePort?: string | undefined;
  readonly protocol?: string | undefined;
}

/** What clients call where nothing else is said, as they do without a mesh. */
const usualPort = 80;

/**
 * The number that instances ask for, else the port that all of them share, else the usual one; the protocol that they name. Where instances
 * disagree, what most of them say counts, and of what equally many say the first in order.
 */
export function servicePortOf(statements: readonly PortStatement[], usual = usualPort): ServicePort {
  const asked = mostFrequent(
    statements.flatMap(({ servicePort }) => (isPort(Number(servicePort)) ? [String(Number(servicePort))] : [])),
  );
  const listened = [...new Set(statements.map(({ port }) => port).filter(isPort))];
  const [shared] = listened.length === 1 ? listened : [];
  const protocol = parseProtocol(mostFrequent(statements.flatMap((one) => one.protocol?.toLowerCase() ?? [])) ?? '');
  return {
    number: asked === undefined ? (shared ?? usual) : Number(asked),
    name: protocol === 'auto' ? 'default' : protocol.toLowerCase(),
    protocol,
  };
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}

function mostFrequent(values: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))[0]?.[0];
}
