/** The criteria of filter chains in the order in which they decide. */
import { formatBlock, type IpBlock, isLoopback, isSameIp, isWithin, parseBlock, parseIp } from '../lib/ip.ts';
import type { CidrRange } from '../proto/envoy/config/core/v3/address.ts';
import {
  type FilterChainMatch,
  FilterChainMatch_ConnectionSourceType,
} from '../proto/envoy/config/listener/v3/listener_components.ts';
import type { SocketAddress } from './call.ts';
import type { Connection } from './listener-filters.ts';

export interface Level {
  readonly name: string;
  /** What a chain asks for; empty when it takes anything. */
  readonly values: (match: FilterChainMatch) => readonly string[];
  /** The most specific of the values that fits; `''` is the value of chains that take anything. */
  readonly best: (values: ReadonlySet<string>, connection: Connection) => string | undefined;
  /** What the connection has. */
  readonly found: (connection: Connection) => string;
}

export const levels: readonly Level[] = [
  {
    name: 'destination port',
    values: ({ destinationPort }) => (destinationPort === undefined ? [] : [String(destinationPort)]),
    best: (values, { local }) => firstOf(values, [String(local.port), '']),
    found: ({ local }) => String(local.port),
  },
  blockLevel(
    'destination address',
    ({ prefixRanges }) => prefixRanges,
    ({ local }) => local,
  ),
  {
    name: 'server name',
    values: ({ serverNames = [] }) => serverNames.map((name) => (name.startsWith('*.') ? name.slice(1) : name)),
    best: (values, { serverName }) => firstOf(values, [serverName, ...suffixes(serverName), '']),
    found: ({ serverName }) => serverName || 'none',
  },
  {
    name: 'transport protocol',
    values: ({ transportProtocol = '' }) => (transportProtocol === '' ? [] : [transportProtocol]),
    best: (values, { transport }) => firstOf(values, [transport, '']),
    found: ({ transport }) => transport,
  },
  {
    name: 'application protocol',
    values: ({ applicationProtocols = [] }) => applicationProtocols,
    best: (values, { applicationProtocols }) => firstOf(values, [...applicationProtocols, '']),
    found: ({ applicationProtocols }) => applicationProtocols.join(', ') || 'none',
  },
  blockLevel(
    'direct source address',
    ({ directSourcePrefixRanges }) => directSourcePrefixRanges,
    ({ directRemote }) => directRemote,
  ),
  {
    name: 'source type',
    values: ({ sourceType = FilterChainMatch_ConnectionSourceType.ANY }) => sourceTypes[sourceType],
    best: (values, connection) => firstOf(values, [sourceTypeOf(connection), '']),
    found: sourceTypeOf,
  },
  blockLevel(
    'source address',
    ({ sourcePrefixRanges }) => sourcePrefixRanges,
    ({ remote }) => remote,
  ),
  {
    name: 'source port',
    values: ({ sourcePorts = [] }) => sourcePorts.map(String),
    best: (values, { remote }) => firstOf(values, [String(remote.port), '']),
    found: ({ remote }) => String(remote.port),
  },
];

function firstOf(values: ReadonlySet<string>, wanted: readonly string[]): string | undefined {
  return wanted.find((value) => values.has(value));
}

/** `a.b.example.com`: `.b.example.com`, `.example.com`, `.com`. A dot in the first or the last place starts none. */
function suffixes(serverName: string): readonly string[] {
  return [...serverName.matchAll(/\./g)]
    .map(({ index }) => index)
    .filter((index) => index > 0 && index < serverName.length - 1)
    .map((index) => serverName.slice(index));
}

const { ANY, SAME_IP_OR_LOOPBACK, EXTERNAL } = FilterChainMatch_ConnectionSourceType;
const sourceTypes = { [ANY]: [], [SAME_IP_OR_LOOPBACK]: ['local'], [EXTERNAL]: ['external'] };

function sourceTypeOf({ local, remote }: Connection): string {
  return isLoopback(remote.ip) || isSameIp(remote.ip, local.ip) ? 'local' : 'external';
}

/** A level of address blocks: the longest prefix that holds the address decides. */
function blockLevel(
  name: string,
  ranges: (match: FilterChainMatch) => readonly CidrRange[] | undefined,
  address: (connection: Connection) => SocketAddress,
): Level {
  return {
    name,
    values: (match) => (ranges(match) ?? []).map(blockText),
    best: (values, connection) => {
      const ip = parseIp(address(connection).ip);
      if (ip === undefined) return values.has('') ? '' : undefined;
      let best: { readonly value: string; readonly length: number } | undefined;
      for (const value of values) {
        const block = blockIn(value);
        const length = block === undefined ? -1 : block.length;
        if (value !== '' && (block === undefined || !isWithin(ip, block))) continue;
        if (best === undefined || length > best.length) best = { value, length };
      }
      return best?.value;
    },
    found: (connection) => address(connection).ip,
  };
}

/** Equal blocks have equal texts, whichever address of them was written. */
function blockText({ addressPrefix = '', prefixLen = 0 }: CidrRange): string {
  const block = parseBlock(addressPrefix, prefixLen);
  return block === undefined ? addressPrefix : formatBlock(block);
}

function blockIn(text: string): IpBlock | undefined {
  const [address = '', length] = text.split('/');
  return length === undefined ? undefined : parseBlock(address, Number(length));
}
