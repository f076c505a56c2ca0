/** `fairway iptables`: a pod's connections go through its Envoy, or do so no longer. */
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { nameserversIn } from '../agent/dns/upstream.ts';
import {
  applyRules,
  type Backend,
  findBackend,
  InterceptionError,
  removeRules,
  saved,
} from '../agent/iptables/apply.ts';
import { isBlock, isInterface } from '../agent/iptables/items.ts';
import { type Family, type InterceptionOptions, interceptionRules } from '../agent/iptables/rules.ts';
import { removalScript, restoreScript } from '../agent/iptables/script.ts';
import { usualPorts } from '../agent/ports.ts';
import { itemsIn } from '../lib/comma-list.ts';
import { parsePort } from './options.ts';

interface IptablesArguments extends Omit<InterceptionOptions, 'outboundPort' | 'proxyUsers' | 'proxyGroups' | 'dns'> {
  readonly remove?: true;
  readonly dryRun?: true;
  readonly envoyPort: number;
  readonly proxyUid: readonly string[];
  readonly proxyGid: readonly string[];
  readonly dnsPort?: number;
  readonly dnsServers?: readonly string[];
  readonly family: 'auto' | '4' | '6' | 'both';
}

export function iptablesCommand(command: Command): Command {
  const option = <T>(flags: string, text: string, parse: (value: string) => T, fallback: T, shown: string) =>
    command.addOption(withVariable(new Option(flags, text).argParser(parse).default(fallback, shown)));
  command
    .description(
      'Let the connections of this network namespace go through its proxy, as the init container of a pod does. A second run changes ' +
        'nothing; one with other options takes the place of the first. Rules of others stay.',
    )
    .option('--remove', 'take away all that earlier runs have set up, of both families')
    .option('--dry-run', 'only print what would be given to iptables-restore; changes nothing')
    .addOption(
      withVariable(
        new Option('--mode <mode>', 'how inbound connections reach the proxy; TPROXY keeps the address of the client')
          .choices(['REDIRECT', 'TPROXY'])
          .default('REDIRECT'),
      ),
    );
  option(
    '--envoy-port <port>',
    'port of the proxy that outbound connections go to',
    parsePort,
    usualPorts.outbound,
    '15001',
  );
  option(
    '--inbound-port <port>',
    'port of the proxy that inbound connections go to',
    parsePort,
    usualPorts.inbound,
    '15006',
  );
  option('--proxy-uid <ids>', 'users whose own connections go out as they are: the proxy', parseIds, ['1337'], '1337');
  option('--proxy-gid <ids>', 'groups of the same kind', parseIds, ['1337'], '1337');
  option(
    '--include-outbound-groups <ids>',
    'groups of applications whose connections are intercepted; * for all',
    parseAllOr(parseIds),
    '*',
    '*',
  );
  option('--exclude-outbound-groups <ids>', 'groups of applications whose connections are not', parseIds, [], 'none');
  option(
    '--include-outbound <cidrs>',
    'destinations that are intercepted; * for all',
    parseAllOr(parseBlocks),
    '*',
    '*',
  );
  option('--exclude-outbound <cidrs>', 'destinations that are not', parseBlocks, [], 'none');
  option(
    '--include-outbound-ports <ports>',
    'ports intercepted at all destinations that are not excluded',
    parsePorts,
    [],
    'none',
  );
  option('--exclude-outbound-ports <ports>', 'ports that are not, whatever else is said', parsePorts, [], 'none');
  option(
    '--include-inbound-ports <ports>',
    'ports of the application that are intercepted; * for all, "" for none',
    parseAllOr(parsePorts),
    '*',
    '*',
  );
  option(
    '--exclude-inbound-ports <ports>',
    'ports that are not, beside 15008, 15020, 15021 and 15090',
    parsePorts,
    [],
    'none',
  );
  option(
    '--virtual-interfaces <names>',
    'interfaces of virtual machines in the pod: what comes in there is outbound',
    parseInterfaces,
    [],
    'none',
  );
  option('--exclude-interfaces <names>', 'interfaces that nothing is intercepted on', parseInterfaces, [], 'none');
  return command
    .addOption(
      new Option(
        '--dns-port <port>',
        'port of the agent that questions to DNS go to, such as 15053 (default: they go where they went)',
      ).argParser(parsePort),
    )
    .addOption(
      new Option(
        '--dns-servers <addresses>',
        'DNS servers whose questions are meant (default: those of /etc/resolv.conf)',
      ).argParser(parseServers),
    )
    .addOption(
      new Option('--family <family>', 'of IP; auto: IPv4, and IPv6 where an interface has a routable address of it')
        .choices(['auto', '4', '6', 'both'])
        .default('auto'),
    )
    .addHelpText(
      'after',
      `
Lists are separated by commas. CAP_NET_ADMIN and the programs of iptables are needed, and \`ip\` for TPROXY and IPv6.
IPTABLES_VARIANT (nft, legacy) says which iptables to use where there are several; else the one that has rules.

Examples:
  fairway iptables --exclude-inbound-ports 9100 --dns-port 15053
  fairway iptables --mode TPROXY --include-outbound 10.0.0.0/8 --dry-run
  fairway iptables --remove`,
    )
    .action(run);
}

/** Istio's, which istioctl writes for virtual machines: an option goes before its variable, and an empty one says nothing. */
const variables: { readonly [option: string]: string } = {
  '--mode': 'ISTIO_INBOUND_INTERCEPTION_MODE',
  '--envoy-port': 'ENVOY_PORT',
  '--inbound-port': 'INBOUND_CAPTURE_PORT',
  '--include-outbound-groups': 'ISTIO_OUTBOUND_OWNER_GROUPS',
  '--exclude-outbound-groups': 'ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE',
  '--include-outbound': 'ISTIO_SERVICE_CIDR',
  '--exclude-outbound': 'ISTIO_SERVICE_EXCLUDE_CIDR',
  '--include-outbound-ports': 'ISTIO_OUTBOUND_PORTS',
  '--exclude-outbound-ports': 'ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE',
  '--include-inbound-ports': 'ISTIO_INBOUND_PORTS',
  '--exclude-inbound-ports': 'ISTIO_LOCAL_EXCLUDE_PORTS',
  '--exclude-interfaces': 'ISTIO_EXCLUDE_INTERFACES',
};

function withVariable(option: Option): Option {
  const name = variables[option.long ?? ''];
  return name === undefined || process.env[name] === '' ? option : option.env(name);
}

function run(options: IptablesArguments, command: Command): void {
  if (options.proxyUid.length + options.proxyGid.length === 0)
    command.error(
      'error: expected --proxy-uid or --proxy-gid to name the proxy, found neither: its own connections would come back to it',
    );
  const families = familiesOf(options.family);
  const interception = toInterception(options);
  try {
    if (options.dryRun === true) {
      if (options.remove === true) print([4, 6], removalScript);
      else print(families, (text, family) => restoreScript(interceptionRules(interception, family), text));
      return;
    }
    const backend = findBackend();
    const say = (what: string, of: readonly Family[]) =>
      process.stdout.write(`${what}: IPv${of.join(' and IPv')}, iptables (${backend.kind})\n`);
    if (options.remove === true) {
      say('nothing is intercepted any more', removeRules(backend));
      return;
    }
    applyRules(backend, interception, families);
    say(`intercepting by ${options.mode}`, families);
  } catch (error) {
    if (!(error instanceof InterceptionError)) throw error;
    command.error(`error: ${error.message}`);
  }
}

/** What is there already is not looked at where it cannot be. */
function print(families: readonly Family[], scriptOf: (saved: string, family: Family) => string): void {
  let backend: Backend | undefined;
  try {
    backend = findBackend();
  } catch (error) {
    if (!(error instanceof InterceptionError)) throw error;
  }
  const savedOf = (family: Family) => (backend === undefined ? '' : (saved(backend, family) ?? ''));
  for (const family of families) process.stdout.write(`# IPv${family}\n${scriptOf(savedOf(family), family)}`);
}

function toInterception(options: IptablesArguments): InterceptionOptions {
  const { envoyPort, proxyUid, proxyGid, dnsPort, dnsServers, ...rest } = options;
  // Those that the agent asks in turn.
  const servers = dnsServers ?? nameserversIn('/etc/resolv.conf', []).map(({ host }) => host);
  return {
    ...rest,
    outboundPort: envoyPort,
    proxyUsers: proxyUid,
    proxyGroups: proxyGid,
    ...(dnsPort === undefined ? {} : { dns: { port: dnsPort, servers } }),
  };
}

function familiesOf(family: IptablesArguments['family']): readonly Family[] {
  if (family === '4' || family === '6') return [Number(family) as Family];
  if (family === 'both') return [4, 6];
  const addresses = Object.values(networkInterfaces()).flatMap((one = []) => one.filter(({ internal }) => !internal));
  const has6 = addresses.some((one) => one.family === 'IPv6' && !one.address.startsWith('fe80:'));
  return has6 ? [4, 6] : [4];
}

/** Names that mean something in a line of iptables-restore must not get there. */
function parseEach(what: string, isOne: (text: string) => boolean): (value: string) => readonly string[] {
  return (value) => {
    const found = itemsIn(value);
    const bad = found.find((one) => !isOne(one));
    if (bad !== undefined) throw new InvalidArgumentError(`expected ${what}, found ${JSON.stringify(bad)}`);
    return found;
  };
}

const parseIds = parseEach('ids or names such as 1337', (text) => /^[\w][\w.-]*$/.test(text));
const parseInterfaces = parseEach('names of network interfaces such as eth0', isInterface);
const parseEachBlock = parseEach('CIDR blocks such as 10.0.0.0/8', isBlock);
const parseServers = parseEach('IP addresses such as 10.96.0.10', (text) => isIP(text) !== 0);

const parsePorts = (value: string): readonly number[] => itemsIn(value).map(parsePort);

function parseBlocks(value: string): readonly string[] {
  const longest = (address: string) => (isIP(address) === 6 ? 128 : 32);
  return parseEachBlock(value).map((block) => (block.includes('/') ? block : `${block}/${longest(block)}`));
}

function parseAllOr<T>(parse: (value: string) => readonly T[]): (value: string) => '*' | readonly T[] {
  return (value) => (value === '*' ? '*' : parse(value));
}
