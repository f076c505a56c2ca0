/** IP addresses and blocks of them, as bits. */
import { isIP } from 'node:net';

export interface Ip {
  readonly family: 4 | 6;
  readonly bits: bigint;
}

export interface IpBlock extends Ip {
  /** How many leading bits count. */
  readonly length: number;
}

/** Undefined for what is no address. An IPv4 address in IPv6 form stays IPv6. */
export function parseIp(text: string): Ip | undefined {
  switch (isIP(text)) {
    case 4:
      return { family: 4, bits: joined(text.split('.').map(Number), 8) };
    case 6:
      return { family: 6, bits: joined(groups(text), 16) };
    default:
      return undefined;
  }
}

/** A block without the bits that do not count, so that equal blocks are equal values. */
export function parseBlock(address: string, length: number): IpBlock | undefined {
  const ip = parseIp(address);
  if (ip === undefined) return undefined;
  const rest = BigInt(width(ip) - length);
  return { ...ip, bits: (ip.bits >> rest) << rest, length };
}

/** `10.0.0.0/8`, the same for every spelling of a block. */
export function formatBlock({ family, bits, length }: IpBlock): string {
  const [count, size] = family === 4 ? [4, 8] : [8, 16];
  const parts = Array.from(
    { length: count },
    (_, i) => (bits >> BigInt((count - 1 - i) * size)) & ((1n << BigInt(size)) - 1n),
  );
  const address =
    family === 4
      ? parts.join('.')
      : new URL(`http://[${parts.map((part) => part.toString(16)).join(':')}]`).hostname.slice(1, -1);
  return `${address}/${length}`;
}

export function isWithin({ family, bits }: Ip, block: IpBlock): boolean {
  if (family !== block.family) return false;
  const rest = BigInt(width(block) - block.length);
  return bits >> rest === block.bits >> rest;
}

/** Whether an address means any address of its family. */
export function isUnspecified(text: string): boolean {
  return parseIp(text)?.bits === 0n;
}

export function isLoopback(text: string): boolean {
  const ip = parseIp(text);
  if (ip === undefined) return false;
  return ip.family === 4 ? ip.bits >> 24n === 127n : ip.bits === 1n;
}

/** Two spellings of one address are the same. */
export function isSameIp(a: string, b: string): boolean {
  const [x, y] = [parseIp(a), parseIp(b)];
  return x !== undefined && y !== undefined ? x.family === y.family && x.bits === y.bits : a === b;
}

function width({ family }: Ip): number {
  return family === 4 ? 32 : 128;
}

function joined(parts: readonly number[], bits: number): bigint {
  return parts.reduce((all, part) => (all << BigInt(bits)) | BigInt(part), 0n);
}

/** The eight groups of an IPv6 address; a zone is left out, an IPv4 tail becomes two groups. */
function groups(text: string): readonly number[] {
  const [address = ''] = text.split('%');
  const [head = '', tail] = address.split('::');
  const left = groupsOf(head);
  if (tail === undefined) return left;
  const right = groupsOf(tail);
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right];
}

function groupsOf(text: string): readonly number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

/** The block that `10.0.0.0/8` means; undefined for anything else. */
export function blockOf(text: string): IpBlock | undefined {
  const [, address = '', digits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const ip = parseIp(address);
  const length = Number(digits);
  return ip === undefined || length > width(ip) ? undefined : parseBlock(address, length);
}
