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

export interface InterceptionOptions {
  readonly mode: 'REDIRECT' | 'TPROXY';
  readonly outboundPort: number;
  readonly inboundPort: number;
  /** Users, and groups, whose connections are those of the proxy. */
  readonly proxyUsers: readonly string[];
  readonly proxyGroups: readonly string[];
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
  readonly rules: readonly string[];
  /** Rules in chains of the kernel, which must be there once. Those that lead to no chain of ours bear a comment. */
  readonly jumps: readonly string[];
}

/** Where Envoy binds what it passes on to the application, so that this is not intercepted a second time. */
export const passOn: { readonly [family in Family]: string } = { 4: '127.0.0.6/32', 6: '::6/128' };
const loopback: { readonly [family in Family]: string } = { 4: '127.0.0.1/32', 6: '::1/128' };

/** Ports of the proxy and its agent that others ask straight: statistics, probes, HBONE. */
const ownPorts = [15008, 15020, 15021, 15090];
/** Marks of connections that are Envoy's to handle, and that Envoy makes: Istio's. */
export const tproxyMark = 1337;
const outboundMark = 1338;

const ours = '-m comment --comment fairway';

export function interceptionRules(options: InterceptionOptions, family: Family): readonly TableRules[] {
  const tables = [
    natRules(options, family),
    ...(options.mode === 'TPROXY' ? [mangleRules(options, family)] : []),
    ...(options.dns === undefined ? [] : [rawRules(options, options.dns, family)]),
  ];
  return tables.map((table) => ({ ...table, rules: table.rules.filter((rule) => rule !== '') }));
}

function natRules(options: InterceptionOptions, family: Family): TableRules {
  const { mode, outboundPort, inboundPort } = options;
  const isRedirecting = mode === 'REDIRECT';
  return {
    table: 'nat',
    chains: ['FAIRWAY_INBOUND', 'FAIRWAY_IN_REDIRECT', 'FAIRWAY_OUTPUT', 'FAIRWAY_REDIRECT'],
    rules: [
      `-A FAIRWAY_REDIRECT -p tcp -j REDIRECT --to-ports ${outboundPort}`,
      `-A FAIRWAY_IN_REDIRECT -p tcp -j REDIRECT --to-ports ${inboundPort}`,
      ...(isRedirecting ? inboundRules(options, 'FAIRWAY_IN_REDIRECT') : []),
      ...outputRules(options, family),
    ],
    jumps: [
      ...options.excludeInterfaces.map((name) => `-A PREROUTING -i ${name} ${ours} -j RETURN`),
      ...virtualRules(options, family),
      ...(isRedirecting && takesInbound(options) ? ['-A PREROUTING -p tcp -j FAIRWAY_INBOUND'] : []),
      ...options.excludeInterfaces.map((name) => `-A OUTPUT -o ${name} ${ours} -j RETURN`),
      '-A OUTPUT -j FAIRWAY_OUTPUT',
    ],
  };
}

/** What comes from a virtual machine is sent by an application. */
function virtualRules({ virtualInterfaces, includeOutbound }: InterceptionOptions, family: Family): readonly string[] {
  const blocks = includeOutbound === '*' ? [''] : ofFamily(includeOutbound, family).map((block) => ` -d ${block}`);
  return virtualInterfaces.flatMap((name) =>
    blocks.map((to) => `-A PREROUTING -p tcp -i ${name}${to} -j FAIRWAY_REDIRECT`),
  );
}

function takesInbound({ includeInboundPorts }: InterceptionOptions): boolean {
  return includeInboundPorts === '*' || includeInboundPorts.length > 0;
}

function inboundRules(
  { includeInboundPorts, excludeInboundPorts }: InterceptionOptions,
  target: string,
): readonly string[] {
  const to = (port: number, chain: string) => `-A FAIRWAY_INBOUND -p tcp --dport ${port} -j ${chain}`;
  const spared = [...new Set([...ownPorts, ...excludeInboundPorts])];
  return [
    ...spared.map((port) => to(port, 'RETURN')),
    ...(includeInboundPorts === '*'
      ? [`-A FAIRWAY_INBOUND -p tcp -j ${target}`]
      : includeInboundPorts.filter((port) => !spared.includes(port)).map((port) => to(port, target))),
  ];
}

function outputRules(options: InterceptionOptions, family: Family): readonly string[] {
  const { includeOutbound, excludeOutbound, includeOutboundPorts, excludeOutboundPorts, dns } = options;
  const add = (rule: string) => `-A FAIRWAY_OUTPUT ${rule}`;
  const owners = ownersOf(options);
  return [
    add(`-o lo -s ${passOn[family]} -j RETURN`),
    // By TPROXY Envoy passes on in the name of the caller.
    ...(options.mode === 'TPROXY' ? [add(`-o lo -m mark --mark ${tproxyMark} -j RETURN`)] : []),
    // A call of the pod to itself through a service: Envoy connects to the pod's own address.
    ...owners.map((owner) =>
      add(
        `-o lo ! -d ${loopback[family]} -p tcp -m multiport ! --dports 53,15008 -m owner --${owner} -j FAIRWAY_IN_REDIRECT`,
      ),
    ),
    // What an application says to itself stays between it and itself; its questions to a local DNS server do not.
    ...owners.slice(0, 1).map(() => add(`-o lo -p tcp ! --dport 53 ${noneOf(options)} -j RETURN`)),
    ...owners.map((owner) => add(`-m owner --${owner} -j RETURN`)),
    ...(dns === undefined ? [] : dnsRules(dns, family).map(add)),
    add(`-d ${loopback[family]} -j RETURN`),
    ...excludeOutboundPorts.map((port) => add(`-p tcp --dport ${port} -j RETURN`)),
    ...ofFamily(excludeOutbound, family).map((block) => add(`-d ${block} -j RETURN`)),
    ...includeOutboundPorts.map((port) => add(`-p tcp --dport ${port} -j FAIRWAY_REDIRECT`)),
    ...(includeOutbound === '*'
      ? [add('-p tcp -j FAIRWAY_REDIRECT')]
      : ofFamily(includeOutbound, family).map((block) => add(`-p tcp -d ${block} -j FAIRWAY_REDIRECT`))),
  ];
}

/** Neither by a user nor by a group of the proxy: all of them have to be ruled out by one rule. */
function noneOf({ proxyUsers, proxyGroups }: InterceptionOptions): string {
  const [user] = proxyUsers;
  const [group] = proxyGroups;
  const owner = [
    ...(user === undefined ? [] : [`! --uid-owner ${user}`]),
    ...(group === undefined ? [] : [`! --gid-owner ${group}`]),
  ];
  return owner.map((one) => `-m owner ${one}`).join(' ');
}

function ownersOf({ proxyUsers, proxyGroups }: InterceptionOptions): readonly string[] {
  return [...proxyUsers.map((user) => `uid-owner ${user}`), ...proxyGroups.map((group) => `gid-owner ${group}`)];
}

function dnsRules({ port, servers }: DnsOptions, family: Family): readonly string[] {
  const to = servers.length === 0 ? [''] : ofFamily(servers, family).map((server) => ` -d ${server}`);
  return to.flatMap((destination) =>
    ['tcp', 'udp'].map((protocol) => `-p ${protocol} --dport 53${destination} -j REDIRECT --to-ports ${port}`),
  );
}

/**
 * Questions of the application to the agent and those of the agent to the same server are told apart by zones of connection
 * tracking: both may have the same port of origin, and the answer to one would be rewritten as the other's.
 */
function rawRules(options: InterceptionOptions, { port, servers }: DnsOptions, family: Family): TableRules {
  const to = servers.length === 0 ? [''] : ofFamily(servers, family).map((server) => ` -d ${server}`);
  const owners = ownersOf(options);
  return {
    table: 'raw',
    chains: ['FAIRWAY_DNS_OUT', 'FAIRWAY_DNS_IN'],
    rules: [
      ...owners.map((owner) => `-A FAIRWAY_DNS_OUT -p udp --dport 53 -m owner --${owner} -j CT --zone 1`),
      ...owners.map((owner) => `-A FAIRWAY_DNS_OUT -p udp --sport ${port} -m owner --${owner} -j CT --zone 2`),
      ...owners.map((owner) => `-A FAIRWAY_DNS_OUT -m owner --${owner} -j RETURN`),
      ...to.map((destination) => `-A FAIRWAY_DNS_OUT -p udp --dport 53${destination} -j CT --zone 2`),
      '-A FAIRWAY_DNS_IN -p udp --sport 53 -j CT --zone 1',
    ],
    jumps: ['-A OUTPUT -p udp -j FAIRWAY_DNS_OUT', '-A PREROUTING -p udp -j FAIRWAY_DNS_IN'],
  };
}

/** The kernel hands over the connection as it is, with both its addresses: marks tell its packets apart. */
function mangleRules(options: InterceptionOptions, family: Family): TableRules {
  const { inboundPort } = options;
  const mark = (value: number) => `-m mark --mark ${value}`;
  return {
    table: 'mangle',
    chains: ['FAIRWAY_INBOUND', 'FAIRWAY_DIVERT', 'FAIRWAY_TPROXY', 'FAIRWAY_OUTPUT'],
    rules: [
      `-A FAIRWAY_DIVERT -j MARK --set-mark ${tproxyMark}`,
      '-A FAIRWAY_DIVERT -j ACCEPT',
      `-A FAIRWAY_TPROXY ! -d ${loopback[family]} -p tcp -j TPROXY --tproxy-mark ${tproxyMark}/0xffffffff --on-port ${inboundPort}`,
      // Envoy's own connections to the application, and what the application says to itself.
      `-A FAIRWAY_INBOUND -p tcp ${mark(tproxyMark)} -j RETURN`,
      `-A FAIRWAY_INBOUND -p tcp -i lo -s ${passOn[family]} -j RETURN`,
      `-A FAIRWAY_INBOUND -p tcp -i lo -m mark ! --mark ${outboundMark} -j RETURN`,
      ...inboundRules(options, 'FAIRWAY_TPROXY').flatMap((rule) =>
        rule.endsWith('-j FAIRWAY_TPROXY')
          ? [rule.replace('-j FAIRWAY_TPROXY', '-m conntrack --ctstate RELATED,ESTABLISHED -j FAIRWAY_DIVERT'), rule]
          : [rule],
      ),
      `-A FAIRWAY_OUTPUT -p tcp -o lo ${mark(tproxyMark)} -j RETURN`,
      ...ownersOf(options).map(
        (owner) =>
          `-A FAIRWAY_OUTPUT ! -d ${loopback[family]} -p tcp -o lo -m owner --${owner} -j MARK --set-xmark ${outboundMark}/0xffffffff`,
      ),
    ],
    jumps: [
      ...options.excludeInterfaces.map((name) => `-A PREROUTING -i ${name} ${ours} -j RETURN`),
      ...(takesInbound(options) ? ['-A PREROUTING -p tcp -j FAIRWAY_INBOUND'] : []),
      // Answers of the application to a connection that Envoy made in somebody's name have to come back to Envoy.
      `-A PREROUTING -p tcp ${mark(tproxyMark)} ${ours} -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff`,
      `-A OUTPUT -p tcp -m connmark --mark ${tproxyMark} ${ours} -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff`,
      '-A OUTPUT -j FAIRWAY_OUTPUT',
    ],
  };
}

/** The blocks of a family. */
export function ofFamily(blocks: readonly string[], family: Family): readonly string[] {
  return blocks.filter((block) => block.includes(':') === (family === 6));
}
