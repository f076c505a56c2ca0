/**
 * The rules by which a pod's connections go through its Envoy.
 *
 *      out: application ─► nat OUTPUT ─► FAIRWAY_OUTPUT ─► FAIRWAY_REDIRECT ─► 15001
 *      in:  somebody ─► nat PREROUTING ─► FAIRWAY_INBOUND ─► FAIRWAY_IN_REDIRECT ─► 15006
 *                       (TPROXY: mangle PREROUTING ─► FAIRWAY_INBOUND ─► FAIRWAY_TPROXY)
 *
 * What the proxy itself sends goes out as it is, told by its user id; but for what it sends to its own pod by the pod's
 * address, which is a call to oneself and comes in as any other.
 */
import { passedOn } from '../../model/passed-on.ts';
import { usualPorts } from '../ports.ts';

export interface InterceptionOptions {
  readonly mode: 'REDIRECT' | 'TPROXY';
  readonly outboundPort: number;
  readonly inboundPort: number;
  /** Users, and groups, whose connections are those of the proxy. */
  readonly proxyUsers: readonly string[];
  readonly proxyGroups: readonly string[];
  /** Groups of applications whose connections, and questions to DNS, are intercepted; `*` for all. */
  readonly includeOutboundGroups: '*' | readonly string[];
  readonly excludeOutboundGroups: readonly string[];
  /** CIDR blocks whose connections are intercepted; `*` for all. */
  readonly includeOutbound: '*' | readonly string[];
  readonly excludeOutbound: readonly string[];
  /** Ports to which connections are intercepted wherever they go, beside `includeOutbound`. */
  readonly includeOutboundPorts: readonly number[];
  readonly excludeOutboundPorts: readonly number[];
  readonly includeInboundPorts: '*' | readonly number[];
  /** The proxy's own ports are always excluded. */
  readonly excludeInboundPorts: readonly number[];
  /** Interfaces of virtual machines within the pod: what comes from there is outbound. */
  readonly virtualInterfaces: readonly string[];
  readonly excludeInterfaces: readonly string[];
  /** Where questions to DNS go; undefined when they are left alone. */
  readonly dns?: DnsOptions;
}

export interface DnsOptions {
  readonly port: number;
  /** Questions to these are captured; to all when empty. */
  readonly servers: readonly string[];
}

export type Family = 4 | 6;
export type TableName = 'nat' | 'mangle' | 'raw';

/** Rules of one table, in order, as iptables-restore reads them. */
export interface TableRules {
  readonly table: TableName;
  /** Chains of ours; whoever applies them empties them first. */
  readonly chains: readonly string[];
  /** All of them in chains of ours. */
  readonly rules: readonly string[];
  /** What leads from chains of the kernel to ours, spelled as iptables-save does. */
  readonly jumps: readonly string[];
}

/** Where Envoy binds what it passes on to the application, so that this is not intercepted a second time. */
export const passOn: { readonly [family in Family]: string } = { 4: `${passedOn.v4}/32`, 6: `${passedOn.v6}/128` };
const loopback: { readonly [family in Family]: string } = { 4: '127.0.0.1/32', 6: '::1/128' };

/** Ports of the proxy and its agent that others ask straight: statistics, probes, HBONE. */
const ownPorts = [15008, usualPorts.agent, usualPorts.status, usualPorts.prometheus];
/** Marks of connections that are Envoy's to handle, and that Envoy makes: Istio's. */
export const tproxyMark = 1337;
const outboundMark = 1338;

/**
 * The rules of each table that has any. Excluding goes before including. Questions to DNS are left alone when port 53 is excluded.
 * After the order of Istio's own rules (istio/istio, tools/istio-iptables/pkg/capture/run.go).
 */
export function interceptionRules(options: InterceptionOptions, family: Family): readonly TableRules[] {
  const dns = dnsOf(options, family);
  return [
    natRules(options, dns, family),
    ...(options.mode === 'TPROXY' ? [mangleRules(options, dns, family)] : []),
    ...(dns === undefined ? [] : [rawRules(options, dns, family)]),
  ];
}

/** Undefined where no question of the family is captured. */
function dnsOf({ dns, excludeOutboundPorts }: InterceptionOptions, family: Family): DnsOptions | undefined {
  if (dns === undefined || excludeOutboundPorts.includes(53)) return undefined;
  return destinations(dns.servers, family).length === 0 ? undefined : dns;
}

function natRules(options: InterceptionOptions, dns: DnsOptions | undefined, family: Family): TableRules {
  const { mode, outboundPort, inboundPort, virtualInterfaces } = options;
  const redirectsInbound = mode === 'REDIRECT' && takesInbound(options);
  const hasMachines = virtualInterfaces.length > 0;
  return {
    table: 'nat',
    chains: [
      'FAIRWAY_REDIRECT',
      'FAIRWAY_IN_REDIRECT',
      'FAIRWAY_OUTPUT',
      ...(hasMachines ? ['FAIRWAY_VIRTUAL'] : []),
      ...(redirectsInbound ? ['FAIRWAY_INBOUND'] : []),
    ],
    rules: [
      `-A FAIRWAY_REDIRECT -p tcp -j REDIRECT --to-ports ${outboundPort}`,
      `-A FAIRWAY_IN_REDIRECT -p tcp -j REDIRECT --to-ports ${inboundPort}`,
      ...(redirectsInbound
        ? [...sparedInterfaces(options), ...inboundRules(options, (to) => [`${to} -j FAIRWAY_IN_REDIRECT`])]
        : []),
      ...outputRules(options, dns, family).map((rule) => `-A FAIRWAY_OUTPUT ${rule}`),
      ...(hasMachines
        ? [...excludedPorts(options), ...chosen(options, family)].map((rule) => `-A FAIRWAY_VIRTUAL ${rule}`)
        : []),
    ],
    jumps: [
      ...virtualInterfaces.map((name) => `-A PREROUTING -i ${name} -p tcp -j FAIRWAY_VIRTUAL`),
      ...(redirectsInbound ? ['-A PREROUTING -p tcp -j FAIRWAY_INBOUND'] : []),
      '-A OUTPUT -j FAIRWAY_OUTPUT',
    ],
  };
}

function takesInbound({ includeInboundPorts }: InterceptionOptions): boolean {
  return includeInboundPorts === '*' || includeInboundPorts.length > 0;
}

/** What comes from a virtual machine is outbound, even where it is not taken. */
function sparedInterfaces({ excludeInterfaces, virtualInterfaces }: InterceptionOptions): readonly string[] {
  return [...excludeInterfaces, ...virtualInterfaces].map((name) => `-A FAIRWAY_INBOUND -i ${name} -j RETURN`);
}

/** `take` makes the rules for the beginning of one. */
function inboundRules(
  { includeInboundPorts, excludeInboundPorts }: InterceptionOptions,
  take: (beginning: string) => readonly string[],
): readonly string[] {
  const of = (port: number) => `-A FAIRWAY_INBOUND -p tcp --dport ${port}`;
  const spared = [...new Set([...ownPorts, ...excludeInboundPorts])];
  return [
    ...spared.map((port) => `${of(port)} -j RETURN`),
    ...(includeInboundPorts === '*'
      ? take('-A FAIRWAY_INBOUND -p tcp')
      : includeInboundPorts.filter((port) => !spared.includes(port)).flatMap((port) => take(of(port)))),
  ];
}

function outputRules(options: InterceptionOptions, dns: DnsOptions | undefined, family: Family): readonly string[] {
  const owners = ownersOf(options);
  // Port 53: the agent's own questions, by TCP, are not for the application's proxy.
  const calls = `-p tcp -m multiport ! --dports ${dns === undefined ? '15008' : '53,15008'}`;
  // Whoever includes loopback by name wants it.
  const sparesLoopback = !includesLoopback(options);
  return [
    ...options.excludeInterfaces.map((name) => `-o ${name} -j RETURN`),
    // Before calls to oneself, which are not taken either then.
    ...excludedPorts(options),
    `-o lo -s ${passOn[family]} -j RETURN`,
    // A call of the pod to itself through a service: Envoy connects to the pod's own address. With TPROXY marks tell it from what
    // Envoy passes on in the name of a client, which has the same owner and the same destination.
    ...(options.mode === 'TPROXY' ? [] : owners).map(
      (owner) => `-o lo ! -d ${loopback[family]} ${calls} -m owner --${owner} -j FAIRWAY_IN_REDIRECT`,
    ),
    ...sparedOwners(options),
    // What an application says to itself stays between it and itself; its questions to a local DNS server do not.
    ...(sparesLoopback ? [`-o lo -p tcp${dns === undefined ? '' : ' ! --dport 53'} -j RETURN`] : []),
    ...(dns === undefined ? [] : dnsRules(dns, family)),
    ...(sparesLoopback ? [`-d ${loopback[family]} -j RETURN`] : []),
    ...chosen(options, family),
  ];
}

function excludedPorts({ excludeOutboundPorts }: InterceptionOptions): readonly string[] {
  return excludeOutboundPorts.map((port) => `-p tcp --dport ${port} -j RETURN`);
}

/** Connections of applications, but for those to excluded ports. */
function chosen(options: InterceptionOptions, family: Family): readonly string[] {
  const { includeOutbound, excludeOutbound, includeOutboundPorts } = options;
  const take = '-j FAIRWAY_REDIRECT';
  return [
    ...ofFamily(excludeOutbound, family).map((block) => `-d ${block} -j RETURN`),
    ...includeOutboundPorts.map((port) => `-p tcp --dport ${port} ${take}`),
    ...(includeOutbound === '*'
      ? [`-p tcp ${take}`]
      : ofFamily(includeOutbound, family).map((block) => `-d ${block} -p tcp ${take}`)),
  ];
}

function includesLoopback({ includeOutbound }: InterceptionOptions): boolean {
  return includeOutbound !== '*' && includeOutbound.some((block) => /^(127\.|::1(\/|$))/.test(block));
}

function ownersOf({ proxyUsers, proxyGroups }: InterceptionOptions): readonly string[] {
  return [...proxyUsers.map((user) => `uid-owner ${user}`), ...proxyGroups.map((group) => `gid-owner ${group}`)];
}

/** The proxy, groups that are left out, and whoever is in none of the groups that are meant, where some are named. */
function sparedOwners(options: InterceptionOptions): readonly string[] {
  const { includeOutboundGroups: included, excludeOutboundGroups: excluded } = options;
  return [
    ...ownersOf(options).map((owner) => `-m owner --${owner} -j RETURN`),
    ...excluded.map((group) => `-m owner --gid-owner ${group} -j RETURN`),
    ...(included === '*' ? [] : [`${included.map((group) => `-m owner ! --gid-owner ${group} `).join('')}-j RETURN`]),
  ];
}

function dnsRules({ port, servers }: DnsOptions, family: Family): readonly string[] {
  return destinations(servers, family).flatMap((to) =>
    ['tcp', 'udp'].map((protocol) => `${to}-p ${protocol} --dport 53 -j REDIRECT --to-ports ${port}`),
  );
}

function destinations(servers: readonly string[], family: Family): readonly string[] {
  // An address of a link may name the link (`fe80::1%eth0`), which rules do not know; it is captured on every one.
  return servers.length === 0 ? [''] : ofFamily(servers, family).map((server) => `-d ${server.replace(/%.*/, '')} `);
}

/**
 * Questions of the application to the agent and those of the agent to the same server are told apart by zones of connection
 * tracking: both may have the same port of origin, and the answer to one would be rewritten as the other's.
 */
function rawRules(options: InterceptionOptions, { port, servers }: DnsOptions, family: Family): TableRules {
  const owners = ownersOf(options);
  return {
    table: 'raw',
    chains: ['FAIRWAY_DNS_OUT', 'FAIRWAY_DNS_IN'],
    rules: [
      ...owners.map((owner) => `-A FAIRWAY_DNS_OUT -p udp --dport 53 -m owner --${owner} -j CT --zone 1`),
      ...owners.map((owner) => `-A FAIRWAY_DNS_OUT -p udp --sport ${port} -m owner --${owner} -j CT --zone 2`),
      ...sparedOwners(options).map((rule) => `-A FAIRWAY_DNS_OUT ${rule}`),
      ...destinations(servers, family).map((to) => `-A FAIRWAY_DNS_OUT ${to}-p udp --dport 53 -j CT --zone 2`),
      '-A FAIRWAY_DNS_IN -p udp --sport 53 -j CT --zone 1',
    ],
    jumps: ['-A PREROUTING -p udp -j FAIRWAY_DNS_IN', '-A OUTPUT -p udp -j FAIRWAY_DNS_OUT'],
  };
}

/** The kernel hands over the connection as it is, with both its addresses: marks tell its packets apart. */
function mangleRules(options: InterceptionOptions, dns: DnsOptions | undefined, family: Family): TableRules {
  const mark = (value: number) => `-m mark --mark ${value}`;
  const everyBit = '--nfmask 0xffffffff --ctmask 0xffffffff';
  const takes = takesInbound(options);
  // The agent's own questions by TCP to a DNS server of this machine are not for the application's proxy.
  const calls = `-p tcp${dns === undefined ? '' : ' ! --dport 53'} -o lo`;
  return {
    table: 'mangle',
    chains: [...(takes ? ['FAIRWAY_INBOUND', 'FAIRWAY_DIVERT', 'FAIRWAY_TPROXY'] : []), 'FAIRWAY_OUTPUT'],
    rules: [
      ...(takes
        ? [
            `-A FAIRWAY_DIVERT -j MARK --set-mark ${tproxyMark}`,
            '-A FAIRWAY_DIVERT -j ACCEPT',
            `-A FAIRWAY_TPROXY ! -d ${loopback[family]} -p tcp -j TPROXY --tproxy-mark ${tproxyMark}/0xffffffff --on-port ${options.inboundPort}`,
            ...sparedInterfaces(options),
            // Envoy's own connections to the application in somebody's name: the answers have to come back to Envoy.
            `-A FAIRWAY_INBOUND -p tcp ${mark(tproxyMark)} -j CONNMARK --save-mark ${everyBit}`,
            `-A FAIRWAY_INBOUND -p tcp ${mark(tproxyMark)} -j RETURN`,
            // What Envoy passes on in its own name, and what the application says to itself.
            `-A FAIRWAY_INBOUND -p tcp -i lo -s ${passOn[family]} -j RETURN`,
            `-A FAIRWAY_INBOUND -p tcp -i lo -m mark ! --mark ${outboundMark} -j RETURN`,
            ...inboundRules(options, (to) => [
              `${to} -m conntrack --ctstate RELATED,ESTABLISHED -j FAIRWAY_DIVERT`,
              `${to} -j FAIRWAY_TPROXY`,
            ]),
          ]
        : []),
      `-A FAIRWAY_OUTPUT -p tcp -m connmark --mark ${tproxyMark} -j CONNMARK --restore-mark ${everyBit}`,
      `-A FAIRWAY_OUTPUT -p tcp -o lo ${mark(tproxyMark)} -j RETURN`,
      ...ownersOf(options).map(
        (owner) =>
          `-A FAIRWAY_OUTPUT ! -d ${loopback[family]} ${calls} -m owner --${owner} -j MARK --set-xmark ${outboundMark}/0xffffffff`,
      ),
    ],
    jumps: [...(takes ? ['-A PREROUTING -p tcp -j FAIRWAY_INBOUND'] : []), '-A OUTPUT -j FAIRWAY_OUTPUT'],
  };
}

/** The blocks of a family. */
export function ofFamily(blocks: readonly string[], family: Family): readonly string[] {
  return blocks.filter((block) => block.includes(':') === (family === 6));
}
