/** From a question to an answer, as far as the control plane's names go. */
import {
  type Answer,
  AUTHORITATIVE_ANSWER,
  decode,
  encode,
  type Packet,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
} from 'dns-packet';
import { type Names, ofFamily } from './names.ts';

/** How long others may remember an answer, in seconds. */
const ttl = 30;
/** What a client takes over UDP that does not say more. */
const leastUdpBytes = 512;

/** The message that answers a question; undefined when somebody else has to be asked, or it is no question at all. */
export function answerTo(message: Buffer, names: Names, { isUdp }: { readonly isUdp: boolean }): Buffer | undefined {
  const query = decoded(message);
  const [question, ...others] = query?.questions ?? [];
  if (query === undefined || query.type !== 'query' || question === undefined || others.length > 0) return undefined;
  const name = question.name.toLowerCase().replace(/\.$/, '');
  const found = names.find(name);
  if (found === undefined) return undefined;
  const { canonical, addresses } = found;
  // A host that is known and has no address of the kind asked for exists all the same: nobody else is to invent one.
  const records: Answer[] = [
    ...(question.type === 'A' ? ofFamily(addresses, 4) : question.type === 'AAAA' ? ofFamily(addresses, 6) : []),
  ].map((data) => ({ type: question.type as 'A' | 'AAAA', name: canonical ?? question.name, ttl, data }));
  const alias: Answer[] = canonical === undefined ? [] : [{ type: 'CNAME', name: question.name, ttl, data: canonical }];
  return fitting(query, [...alias, ...rotated(records)], isUdp);
}

/** What tells a client that nobody could be asked. */
export function failure(message: Buffer): Buffer | undefined {
  const query = decoded(message);
  if (query === undefined || query.type !== 'query') return undefined;
  const serverFailure = 2;
  return encode({ ...head(query), flags: flagsOf(query) | serverFailure });
}

function decoded(message: Buffer): Packet | undefined {
  try {
    return decode(message);
  } catch {
    return undefined;
  }
}

/** Over UDP an answer that is too long says so, and the client asks again over TCP. */
function fitting(query: Packet, answers: Answer[], isUdp: boolean): Buffer {
  const whole = encode({ ...head(query), flags: flagsOf(query) | AUTHORITATIVE_ANSWER, answers });
  const most = Math.max(leastUdpBytes, udpSizeOf(query));
  if (!isUdp || whole.length <= most) return whole;
  const truncated = 1 << 9;
  return encode({ ...head(query), flags: flagsOf(query) | AUTHORITATIVE_ANSWER | truncated });
}

function head({ id, questions = [] }: Packet): Packet {
  return { type: 'response', ...(id === undefined ? {} : { id }), questions };
}

function flagsOf({ flags = 0 }: Packet): number {
  return (flags & RECURSION_DESIRED) | RECURSION_AVAILABLE;
}

/** What the client says by EDNS that it can take. */
function udpSizeOf({ additionals = [] }: Packet): number {
  const extension = additionals.find(({ type }) => type === 'OPT');
  return extension !== undefined && 'udpPayloadSize' in extension ? extension.udpPayloadSize : 0;
}

let turn = 0;

/** Clients take the first address: each answer begins with another one. */
function rotated<T>(items: readonly T[]): readonly T[] {
  if (items.length < 2) return items;
  turn = (turn + 1) % 65_536;
  const at = turn % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}
