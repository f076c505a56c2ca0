/** From a question to an answer, as far as the control plane's names go. */
import { isIP } from 'node:net';
import { type Answer, internet, type Query, recordType } from './message.ts';
import type { Names } from './names.ts';

/** How long others may remember an answer, in seconds: Istio's agents say the same. */
const ttl = 30;

/** What is known of a name whose addresses are not asked for: it exists, without more. */
export const nothing: Answer = { addresses: [], ttl };

/**
 * Undefined when somebody else has to be asked. A name that is known and has no address of the family asked for exists all
 * the same: nobody else is to invent one. Nor is anybody to tell by HTTPS records of addresses that lead past the proxy.
 *
 * `random` yields numbers in [0, 1): clients take the first address, so that each answer has another order.
 */
export function answerTo(query: Query, names: Names, random: () => number): Answer | undefined {
  if (query.class !== internet) return undefined;
  const { a, aaaa, https, svcb } = recordType;
  if (query.type !== a && query.type !== aaaa && query.type !== https && query.type !== svcb) return undefined;
  const found = names.find(query.name);
  if (found === undefined) return undefined;
  const family = query.type === a ? 4 : query.type === aaaa ? 6 : undefined;
  const addresses = found.addresses.filter((address) => isIP(address) === family);
  const { canonical: alias } = found;
  return { addresses: shuffled(addresses, random), ttl, ...(alias === undefined ? {} : { alias }) };
}

function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(Math.floor(random() * left.length), 1));
}
