/** Messages of DNS (RFC 1035; the size of answers by RFC 6891), as far as questions for addresses need them. */
import { parseIp } from '../../lib/ip.ts';

export const recordType = { a: 1, cname: 5, aaaa: 28, opt: 41, svcb: 64, https: 65 } as const;
export const internet = 1;
export const responseCode = { success: 0, serverFailure: 2, noSuchName: 3, notImplemented: 4, refused: 5 } as const;

export interface Query {
  readonly id: number;
  readonly recursionDesired: boolean;
  /** In lower case, without a dot at its end. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** The question as it came: an answer repeats it byte by byte, capitals too. */
  readonly question: Buffer;
  /** What its client takes over UDP, in bytes, where it says so. */
  readonly udpBytes?: number;
}

export interface Answer {
  /** Another name for what was asked for; the addresses are its. */
  readonly alias?: string;
  /** Of the family that was asked for. */
  readonly addresses: readonly string[];
  /** How long others may remember it, in seconds. */
  readonly ttl: number;
}

const headBytes = 12;
/** A name with the lengths of its labels (RFC 1035, 2.3.4). By TCP messages are long enough for more, to which no answer would fit. */
const mostNameBytes = 255;
/** What goes over UDP to a client that does not say more. */
const leastUdpBytes = 512;
/** What goes over UDP at most: this agent too has to say what it takes. */
const mostUdpBytes = 4096;

const flag = { response: 1 << 15, authoritative: 1 << 10, truncated: 1 << 9, desired: 1 << 8, available: 1 << 7 };

/** Whether a message asks something, as its head says. All others are nobody's business. */
export function isQuery(message: Buffer): boolean {
  return message.length >= headBytes && (message.readUInt16BE(2) & flag.response) === 0;
}

/** The response code of a message with a head. */
export function responseCodeOf(message: Buffer): number {
  return message.readUInt16BE(2) & 0xf;
}

/** Undefined for what is no plain question: another operation, several questions, or what cannot be read. */
export function readQuery(message: Buffer): Query | undefined {
  if (!isQuery(message)) return undefined;
  const flags = message.readUInt16BE(2);
  const operation = (flags >> 11) & 0xf;
  const [questions, answers, authorities, additionals] = [4, 6, 8, 10].map((at) => message.readUInt16BE(at));
  if (operation !== 0 || questions !== 1 || answers !== 0 || authorities !== 0) return undefined;
  const labels: string[] = [];
  let at = headBytes;
  for (let length = message[at]; length !== 0; length = message[at]) {
    // Two high bits make a pointer, which leads nowhere from the first name.
    if (length === undefined || length > 63) return undefined;
    const label = message.toString('latin1', at + 1, at + 1 + length);
    if (label.includes('.')) return undefined;
    labels.push(label);
    at += 1 + length;
    if (at + 1 - headBytes > mostNameBytes) return undefined;
  }
  const end = at + 1 + 4;
  if (end > message.length) return undefined;
  const udpBytes = additionals === 0 ? undefined : udpBytesAt(message, end);
  return {
    id: message.readUInt16BE(0),
    recursionDesired: (flags & flag.desired) !== 0,
    name: labels.join('.').toLowerCase(),
    type: message.readUInt16BE(end - 4),
    class: message.readUInt16BE(end - 2),
    question: message.subarray(headBytes, end),
    ...(udpBytes === undefined ? {} : { udpBytes }),
  };
}

/** What an OPT record says that is the first one behind the question: only what signs a message stands beside it, last. */
function udpBytesAt(message: Buffer, at: number): number | undefined {
  const isOpt = message.length >= at + 11 && message[at] === 0 && message.readUInt16BE(at + 1) === recordType.opt;
  return isOpt ? message.readUInt16BE(at + 3) : undefined;
}

/** Over UDP as many addresses as fit, marked as cut short when these are not all: the client asks again over TCP. */
export function writeAnswer(
  query: Query,
  { alias, addresses, ttl }: Answer,
  { isUdp }: { readonly isUdp: boolean },
): Buffer {
  const opt = query.udpBytes === undefined ? Buffer.alloc(0) : optRecord();
  const most = isUdp ? Math.min(Math.max(leastUdpBytes, query.udpBytes ?? 0), mostUdpBytes) : 2 ** 16 - 1;
  const askedAt = headBytes;
  const aliased = alias === undefined ? [] : [record(askedAt, recordType.cname, ttl, nameBytes(alias))];
  const start = headBytes + query.question.length + (aliased[0]?.length ?? 0) + opt.length;
  // The alias itself stands at the end of its record.
  const ownerAt = alias === undefined ? askedAt : headBytes + query.question.length + recordHeadBytes;
  const records = addresses.map((address) => record(ownerAt, query.type, ttl, addressBytes(address)));
  const room = Math.floor((most - start) / (records[0]?.length ?? 1));
  const fitting = records.slice(0, Math.max(0, room));
  const flags = flag.authoritative | (fitting.length < records.length ? flag.truncated : 0);
  const counts = [1, aliased.length + fitting.length, 0, opt.length === 0 ? 0 : 1];
  return Buffer.concat([head(query, flags, counts), query.question, ...aliased, ...fitting, opt]);
}

/** Tells a client that nobody could be asked. `message` is one that asks. */
export function writeFailure(message: Buffer): Buffer {
  const query = readQuery(message);
  const id = message.readUInt16BE(0);
  if (query === undefined) return head({ id, recursionDesired: false }, responseCode.serverFailure, [0, 0, 0, 0]);
  return Buffer.concat([head(query, responseCode.serverFailure, [1, 0, 0, 0]), query.question]);
}

function head(
  { id, recursionDesired }: Pick<Query, 'id' | 'recursionDesired'>,
  flags: number,
  counts: readonly number[],
): Buffer {
  const asked = recursionDesired ? flag.desired : 0;
  return words([id, flag.response | flag.available | asked | flags, ...counts]);
}

const recordHeadBytes = 12;

/** A record whose owner's name stands at a place of the message already. */
function record(ownerAt: number, type: number, ttl: number, data: Buffer): Buffer {
  return Buffer.concat([words([0xc000 | ownerAt, type, internet, ttl >>> 16, ttl & 0xffff, data.length]), data]);
}

function optRecord(): Buffer {
  return Buffer.concat([Buffer.alloc(1), words([recordType.opt, mostUdpBytes, 0, 0, 0])]);
}

function words(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt16BE(value, 2 * i);
  return bytes;
}

function nameBytes(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.from(label, 'latin1'));
  return Buffer.concat([...labels.flatMap((label) => [Buffer.of(label.length), label]), Buffer.of(0)]);
}

function addressBytes(address: string): Buffer {
  const { family, bits } = parseIp(address) ?? { family: 4, bits: 0n };
  return Buffer.from(bits.toString(16).padStart(family === 4 ? 8 : 32, '0'), 'hex');
}
