/** `fairway iptables`: a pod's connections go through its Envoy, or do so no longer. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  applyRules,
  type Backend,
  findBackend,
  InterceptionError,
  plannedRules,
  removeRules,
  saved,
} from '../agent/iptables/apply.ts';
import type { Family, InterceptionOptions } from '../agent/iptables/rules.ts';
import { parsePort } from './options.ts';

interface IptablesArguments {
  readonly remove?: true;
  readonly dryRun?: true;
  readonly mode: 'REDIRECT' | 'TPROXY';
  readonly envoyPort: number;
  readonly inboundPort: number;
  readonly proxyUid: readonly string[];
  readonly proxyGid: readonly string[];
  readonly includeOutbound: '*' | readonly string[];
  readonly excludeOutbound: readonly string[];
  readonly includeInboundPorts: '*' | readonly number[];
  readonly excludeInboundPorts: readonly number[];
  readonly includeOutboundPorts: readonly number[];
  readonly excludeOutboundPorts: readonly number[];
  readonly virtualInterfaces: readonly string[];
  readonly excludeInterfaces: readonly string[];
  readonly dnsPort?: number;
  readonly dnsServers?: readonly string[];
  readonly family: 'auto' | '4' | '6' | 'both';
}

export function iptablesCommand(command: Command): Command {
  const option = <T>(flags: string, text: string, parse: (value: string) => T, fallback: T, shown: string) =>
    command.addOption(new Option(flags, text).argParser(parse).default(fallback, shown));
  command
    .description(
      "Let all connections of this network namespace go through its Envoy, as an init container of a pod does; with Istio's " +
        'rules of what is spared. A second run changes nothing.',
    )
    .option('--remove', 'take away what an earlier run has set up')
    .option('--dry-run', 'only print what would be given to iptables-restore')
    .addOption(
      new Option('--mode <mode>', 'how inbound connections reach Envoy')
        .choices(['REDIRECT', 'TPROXY'])
        .default('REDIRECT'),
    );
  option('--envoy-port <port>', 'where outbound connections go', parsePort, 15001, '15001');
  option('--inbound-port <port>', 'where inbound connections go', parsePort, 15006, '15006');
  option('--proxy-uid <ids>', "the proxy's user ids", parseNames, ['1337'], '1337');
  option('--proxy-gid <ids>', "the proxy's group ids", parseNames, ['1337'], '1337');
  option('--include-outbound <cidrs>', 'where connections to are intercepted', parseAllOr(parseBlocks), '*', '*');
  option('--exclude-outbound <cidrs>', 'where connections to are left alone', parseBlocks, [], 'none');
  option('--include-inbound-ports <ports>', 'which are intercepted', parseAllOr(parsePorts), '*', '*');
  option('--exclude-inbound-ports <ports>', "which are left alone, beside the proxy's own", parsePorts, [], 'none');
  option('--include-outbound-ports <ports>', 'which are intercepted wherever they go', parsePorts, [], 'none');
  option('--exclude-outbound-ports <ports>', 'which are left alone', parsePorts, [], 'none');
  option(
    '--virtual-interfaces <names>',
    'whose traffic comes from a virtual machine in the pod',
    parseNames,
    [],
    'none',
  );
  option('--exclude-interfaces <names>', 'which are left alone', parseNames, [], 'none');
  return command
    .addOption(
      new Option('--dns-port <port>', 'where questions to DNS go; left alone when absent').argParser(parsePort),
    )
    .addOption(
      new Option('--dns-servers <addresses>', 'questions to whom; those of /etc/resolv.conf when absent').argParser(
        parseNames,
      ),
    )
    .addOption(
      new Option('--family <family>', 'of IP; auto: those that the interfaces have addresses of')
        .choices(['auto', '4', '6', 'both'])
        .default('auto'),
    )
    .addHelpText(
      'after',
      `
Examples:
  fairway iptables --exclude-inbound-ports 9100 --dns-port 15053
  fairway iptables --mode TPROXY --include-outbound 10.0.0.0/8 --dry-run
  fairway iptables --remove`,
    )
    .action(run);
}

function run(options: IptablesArguments, command: Command): void {
  const families = familiesOf(options.family);
  const interception = toInterception(options);
  try {
    if (options.dryRun === true) {
      print(interception, families);
      return;
    }
    const backend = findBackend();
    if (options.remove === true) removeRules(backend, families);
    else applyRules(backend, interception, families);
    const what = options.remove === true ? 'nothing is intercepted any more' : `intercepting by ${options.mode}`;
    process.stdout.write(`${what}: IPv${families.join(' and IPv')}, iptables (${backend.kind})\n`);
  } catch (error) {
    if (!(error instanceof InterceptionError)) throw error;
    command.error(`error: ${error.message}`);
  }
}

/** Rules of others that are there are not looked at where they cannot be. */
function print(interception: InterceptionOptions, families: readonly Family[]): void {
  let backend: Backend | undefined;
  try {
    backend = findBackend();
  } catch {
    // Nothing is there to be seen.
  }
  const savedOf = (family: Family) => (backend === undefined ? '' : (saved(backend, family) ?? ''));
  for (const { family, script } of plannedRules(interception, families, savedOf))
    process.stdout.write(`# IPv${family}\n${script}`);
}

function toInterception(options: IptablesArguments): InterceptionOptions {
  const { envoyPort, proxyUid, proxyGid, dnsPort, dnsServers = nameservers(), ...rest } = options;
  return {
    ...rest,
    outboundPort: envoyPort,
    proxyUsers: proxyUid,
    proxyGroups: proxyGid,
    ...(dnsPort === undefined ? {} : { dns: { port: dnsPort, servers: dnsServers } }),
  };
}

function nameservers(): readonly string[] {
  try {
    const lines = readFileSync('/etc/resolv.conf', 'utf8').matchAll(/^nameserver\s+(\S+)/gm);
    return [...lines].flatMap(([, address = '']) => (isIP(address) === 0 ? [] : [address]));
  } catch {
    return [];
  }
}

function familiesOf(family: IptablesArguments['family']): readonly Family[] {
  if (family === '4' || family === '6') return [Number(family) as Family];
  if (family === 'both') return [4, 6];
  const addresses = Object.values(networkInterfaces()).flatMap((one = []) => one.filter(({ internal }) => !internal));
  const has6 = addresses.some((one) => one.family === 'IPv6' && !one.address.startsWith('fe80:'));
  return has6 ? [4, 6] : [4];
}

const parseNames = (value: string): readonly string[] =>
  value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

const parsePorts = (value: string): readonly number[] => parseNames(value).map(parsePort);

function parseBlocks(value: string): readonly string[] {
  return parseNames(value).map((block) => {
    const [address = '', length] = block.split('/');
    const most = isIP(address) === 6 ? 128 : 32;
    const isLength = length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= most);
    if (isIP(address) === 0 || !isLength)
      throw new InvalidArgumentError(`expected CIDR blocks such as 10.0.0.0/8, found ${JSON.stringify(block)}`);
    return length === undefined ? `${block}/${most}` : block;
  });
}

function parseAllOr<T>(parse: (value: string) => readonly T[]): (value: string) => '*' | readonly T[] {
  return (value) => (value === '*' ? '*' : parse(value));
}
