import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Family, type InterceptionOptions, interceptionRules, type TableName } from './rules.ts';

const usual: InterceptionOptions = {
  mode: 'REDIRECT',
  outboundPort: 15001,
  inboundPort: 15006,
  proxyUsers: ['1337'],
  proxyGroups: ['1337'],
  includeOutboundGroups: '*',
  excludeOutboundGroups: [],
  includeOutbound: '*',
  excludeOutbound: [],
  includeOutboundPorts: [],
  excludeOutboundPorts: [],
  includeInboundPorts: '*',
  excludeInboundPorts: [],
  virtualInterfaces: [],
  excludeInterfaces: [],
};

/** Rules of one chain, without its name; jumps from chains of the kernel as well. Undefined when the table is not there. */
function chain(table: TableName, name: string, options: Partial<InterceptionOptions>, family: Family = 4) {
  const found = interceptionRules({ ...usual, ...options }, family).find((one) => one.table === table);
  const beginning = `-A ${name} `;
  return (
    found &&
    [...found.rules, ...found.jumps]
      .filter((rule) => rule.startsWith(beginning))
      .map((rule) => rule.slice(beginning.length))
  );
}

function check(name: string, found: readonly string[] | undefined, expected: readonly string[] | undefined): void {
  it(name, () => assert.deepEqual(found, expected));
}

const calls = (family: Family, ports: string) =>
  ['uid', 'gid'].map(
    (kind) =>
      `-o lo ! -d ${family === 4 ? '127.0.0.1/32' : '::1/128'} -p tcp -m multiport ! --dports ${ports} -m owner --${kind}-owner 1337 -j FAIRWAY_IN_REDIRECT`,
  );
const own = ['-m owner --uid-owner 1337 -j RETURN', '-m owner --gid-owner 1337 -j RETURN'];
const spared = [15008, 15020, 15021, 15090].map((port) => `-p tcp --dport ${port} -j RETURN`);
const dns = { port: 15053, servers: ['10.96.0.10', 'fd96::10'] };

describe('outbound rules', () => {
  const output = (options: Partial<InterceptionOptions>, family: Family = 4) =>
    chain('nat', 'FAIRWAY_OUTPUT', options, family);

  check('take everything of applications', output({}), [
    '-o lo -s 127.0.0.6/32 -j RETURN',
    ...calls(4, '15008'),
    ...own,
    '-o lo -p tcp -j RETURN',
    '-d 127.0.0.1/32 -j RETURN',
    '-p tcp -j FAIRWAY_REDIRECT',
  ]);
  check('do so of IPv6', output({}, 6), [
    '-o lo -s ::6/128 -j RETURN',
    ...calls(6, '15008'),
    ...own,
    '-o lo -p tcp -j RETURN',
    '-d ::1/128 -j RETURN',
    '-p tcp -j FAIRWAY_REDIRECT',
  ]);
  check(
    'exclude before they include, each block in its family',
    output({
      includeOutbound: ['10.0.0.0/8', 'fd00::/8'],
      excludeOutbound: ['10.1.0.0/16', 'fd01::/16'],
      includeOutboundPorts: [443],
      excludeOutboundPorts: [3306],
      excludeInterfaces: ['eth1'],
    }),
    [
      '-o eth1 -j RETURN',
      '-p tcp --dport 3306 -j RETURN',
      '-o lo -s 127.0.0.6/32 -j RETURN',
      ...calls(4, '15008'),
      ...own,
      '-o lo -p tcp -j RETURN',
      '-d 127.0.0.1/32 -j RETURN',
      '-d 10.1.0.0/16 -j RETURN',
      '-p tcp --dport 443 -j FAIRWAY_REDIRECT',
      '-d 10.0.0.0/8 -p tcp -j FAIRWAY_REDIRECT',
    ],
  );
  check('take loopback when it is named', output({ includeOutbound: ['127.0.0.1/32'] }), [
    '-o lo -s 127.0.0.6/32 -j RETURN',
    ...calls(4, '15008'),
    ...own,
    '-d 127.0.0.1/32 -p tcp -j FAIRWAY_REDIRECT',
  ]);
  check('know all users of the proxy', output({ proxyUsers: ['1', '2'], proxyGroups: [] })?.slice(3, 5), [
    '-m owner --uid-owner 1 -j RETURN',
    '-m owner --uid-owner 2 -j RETURN',
  ]);
  check('leave groups of applications alone', output({ excludeOutboundGroups: ['101', 'java'] })?.slice(3, 7), [
    ...own,
    '-m owner --gid-owner 101 -j RETURN',
    '-m owner --gid-owner java -j RETURN',
  ]);
  check('keep to groups of applications', output({ includeOutboundGroups: ['101', 'java'], dns })?.slice(3, 7), [
    ...own,
    '-m owner ! --gid-owner 101 -m owner ! --gid-owner java -j RETURN',
    '-o lo -p tcp ! --dport 53 -j RETURN',
  ]);
  check('keep to nobody', output({ includeOutboundGroups: [] })?.slice(5, 6), ['-j RETURN']);
  check('take nothing when no block is included', output({ includeOutbound: [] })?.slice(-1), [
    '-d 127.0.0.1/32 -j RETURN',
  ]);
  check('give questions to the agent, but those of the proxy', output({ dns }), [
    '-o lo -s 127.0.0.6/32 -j RETURN',
    ...calls(4, '53,15008'),
    ...own,
    '-o lo -p tcp ! --dport 53 -j RETURN',
    '-d 10.96.0.10 -p tcp --dport 53 -j REDIRECT --to-ports 15053',
    '-d 10.96.0.10 -p udp --dport 53 -j REDIRECT --to-ports 15053',
    '-d 127.0.0.1/32 -j RETURN',
    '-p tcp -j FAIRWAY_REDIRECT',
  ]);
  check('give all questions when no server is named', output({ dns: { port: 15053, servers: [] } })?.slice(-4, -2), [
    '-p tcp --dport 53 -j REDIRECT --to-ports 15053',
    '-p udp --dport 53 -j REDIRECT --to-ports 15053',
  ]);
  check(
    'know nothing of links in addresses of servers',
    output({ dns: { port: 15053, servers: ['fe80::1%eth0'] } }, 6)?.slice(-4, -2),
    ['tcp', 'udp'].map((protocol) => `-d fe80::1 -p ${protocol} --dport 53 -j REDIRECT --to-ports 15053`),
  );
  check(
    'leave DNS alone when its port is excluded',
    output({ dns, excludeOutboundPorts: [53] }),
    output({ excludeOutboundPorts: [53] }),
  );
  check(
    'leave DNS alone in a family without servers',
    output({ dns: { port: 15053, servers: ['10.96.0.10'] } }, 6),
    output({}, 6),
  );
  check('are led to', chain('nat', 'OUTPUT', {}), ['-j FAIRWAY_OUTPUT']);
  check('go to the port of the proxy', chain('nat', 'FAIRWAY_REDIRECT', { outboundPort: 16001 }), [
    '-p tcp -j REDIRECT --to-ports 16001',
  ]);
});

describe('inbound rules', () => {
  const inbound = (options: Partial<InterceptionOptions>) => chain('nat', 'FAIRWAY_INBOUND', options);
  check('take all ports but those of the proxy', inbound({}), [...spared, '-p tcp -j FAIRWAY_IN_REDIRECT']);
  check(
    'spare more ports, and interfaces',
    inbound({ excludeInboundPorts: [9100, 15090], excludeInterfaces: ['eth1'] }),
    ['-i eth1 -j RETURN', ...spared, '-p tcp --dport 9100 -j RETURN', '-p tcp -j FAIRWAY_IN_REDIRECT'],
  );
  check(
    'take the ports that are named, unless they are spared',
    inbound({ includeInboundPorts: [80, 15020, 90], excludeInboundPorts: [90] }),
    [...spared, '-p tcp --dport 90 -j RETURN', '-p tcp --dport 80 -j FAIRWAY_IN_REDIRECT'],
  );
  check('are none when no port is included', chain('nat', 'PREROUTING', { includeInboundPorts: [] }), []);
  check('go to the port of the proxy', chain('nat', 'FAIRWAY_IN_REDIRECT', { inboundPort: 16006 }), [
    '-p tcp -j REDIRECT --to-ports 16006',
  ]);
});

describe('rules of virtual machines', () => {
  const options = {
    virtualInterfaces: ['tap0'],
    includeOutbound: ['10.0.0.0/8'],
    excludeOutbound: ['10.1.0.0/16'],
    excludeOutboundPorts: [3306],
  };
  check('choose as those of applications do', chain('nat', 'FAIRWAY_VIRTUAL', options), [
    '-p tcp --dport 3306 -j RETURN',
    '-d 10.1.0.0/16 -j RETURN',
    '-d 10.0.0.0/8 -p tcp -j FAIRWAY_REDIRECT',
  ]);
  check('come first', chain('nat', 'PREROUTING', options), [
    '-i tap0 -p tcp -j FAIRWAY_VIRTUAL',
    '-p tcp -j FAIRWAY_INBOUND',
  ]);
  check('let nothing be inbound that they leave', chain('nat', 'FAIRWAY_INBOUND', options)?.slice(0, 1), [
    '-i tap0 -j RETURN',
  ]);
  check('do so with TPROXY', chain('mangle', 'FAIRWAY_INBOUND', { ...options, mode: 'TPROXY' })?.slice(0, 1), [
    '-i tap0 -j RETURN',
  ]);
});

describe('rules of TPROXY', () => {
  const everyBit = '--nfmask 0xffffffff --ctmask 0xffffffff';
  const tproxy = (name: string, options: Partial<InterceptionOptions> = {}, family: Family = 4) =>
    chain('mangle', name, { ...options, mode: 'TPROXY' }, family);
  check(
    'hand over what comes in, and spare what the pod says to itself',
    tproxy('FAIRWAY_INBOUND', { includeInboundPorts: [80] }),
    [
      `-p tcp -m mark --mark 1337 -j CONNMARK --save-mark ${everyBit}`,
      '-p tcp -m mark --mark 1337 -j RETURN',
      '-p tcp -i lo -s 127.0.0.6/32 -j RETURN',
      '-p tcp -i lo -m mark ! --mark 1338 -j RETURN',
      ...spared,
      '-p tcp --dport 80 -m conntrack --ctstate RELATED,ESTABLISHED -j FAIRWAY_DIVERT',
      '-p tcp --dport 80 -j FAIRWAY_TPROXY',
    ],
  );
  check('name the port', tproxy('FAIRWAY_TPROXY', {}, 6), [
    '! -d ::1/128 -p tcp -j TPROXY --tproxy-mark 1337/0xffffffff --on-port 15006',
  ]);
  check('mark what belongs to a connection', tproxy('FAIRWAY_DIVERT'), ['-j MARK --set-mark 1337', '-j ACCEPT']);
  check('bring answers back, and mark calls to oneself', tproxy('FAIRWAY_OUTPUT'), [
    `-p tcp -m connmark --mark 1337 -j CONNMARK --restore-mark ${everyBit}`,
    '-p tcp -o lo -m mark --mark 1337 -j RETURN',
    ...['uid', 'gid'].map(
      (kind) => `! -d 127.0.0.1/32 -p tcp -o lo -m owner --${kind}-owner 1337 -j MARK --set-xmark 1338/0xffffffff`,
    ),
  ]);
  check("let the agent's questions be none of these", tproxy('FAIRWAY_OUTPUT', { dns, proxyGroups: [] })?.slice(-1), [
    '! -d 127.0.0.1/32 -p tcp ! --dport 53 -o lo -m owner --uid-owner 1337 -j MARK --set-xmark 1338/0xffffffff',
  ]);
  check('leave the table nat to outbound connections', chain('nat', 'PREROUTING', { mode: 'TPROXY' }), []);
  check(
    'leave it to marks what is a call to oneself',
    chain('nat', 'FAIRWAY_OUTPUT', { mode: 'TPROXY' })?.filter((rule) => rule.includes('FAIRWAY_IN_REDIRECT')),
    [],
  );
  check('are none otherwise', chain('mangle', 'FAIRWAY_INBOUND', {}), undefined);
});

describe('rules of zones', () => {
  check("tell the application's questions from the agent's", chain('raw', 'FAIRWAY_DNS_OUT', { dns }), [
    ...['uid', 'gid'].map((kind) => `-p udp --dport 53 -m owner --${kind}-owner 1337 -j CT --zone 1`),
    ...['uid', 'gid'].map((kind) => `-p udp --sport 15053 -m owner --${kind}-owner 1337 -j CT --zone 2`),
    ...own,
    '-d 10.96.0.10 -p udp --dport 53 -j CT --zone 2',
  ]);
  check(
    'leave those of groups alone that are not meant',
    chain('raw', 'FAIRWAY_DNS_OUT', { dns, proxyGroups: [], includeOutboundGroups: ['101'] })?.slice(2, 4),
    ['-m owner --uid-owner 1337 -j RETURN', '-m owner ! --gid-owner 101 -j RETURN'],
  );
  check('know answers from outside', chain('raw', 'FAIRWAY_DNS_IN', { dns }), ['-p udp --sport 53 -j CT --zone 1']);
  check('are none without DNS', chain('raw', 'OUTPUT', {}), undefined);
});
