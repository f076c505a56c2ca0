/** What is said of arguments: help for every command, and one clear line for what cannot be understood. */
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';
import type { Command } from 'commander';
import { createProgram } from '../../src/cli/program.ts';
import { runFairway } from '../support/run-fairway.ts';

/** All commands, the program itself first. */
function commandsOf(program: Command): readonly Command[] {
  return [program, ...program.commands.flatMap(commandsOf)];
}

const whole = await createProgram();

describe('the help', () => {
  for (const command of commandsOf(whole)) {
    it(`of ${command.name()} says what it does, and what each option and argument is`, () => {
      assert.match(command.helpInformation(), new RegExp(`^Usage: .*${command.name()}`));
      assert.notEqual(command.description(), '');
      const nameless = [...command.options, ...command.registeredArguments].filter(
        ({ description }) => description === '',
      );
      assert.deepEqual(nameless, []);
    });
  }
});

describe('arguments that cannot be understood', () => {
  function check(name: string, args: readonly string[], expected: string): void {
    it(name, async () => {
      const said: string[] = [];
      const program = await createProgram();
      for (const command of commandsOf(program))
        command
          .exitOverride()
          .configureOutput({ writeErr: (text) => said.push(text), writeOut: (text) => said.push(text) });
      await assert.rejects(program.parseAsync([...args], { from: 'user' }), { exitCode: 1 });
      assert.equal(said.join(''), `error: ${expected}\n(run with --help for all options)\n`);
    });
  }

  check('are a command that nobody knows', ['srve'], "unknown command 'srve'\n(Did you mean serve?)");
  check(
    'are an option that nobody knows',
    ['serve', '--confg', 'x'],
    "unknown option '--confg'\n(Did you mean --config?)",
  );
  check(
    'are no files',
    ['serve'],
    'expected --kubeconfig <file>, --in-cluster, --config <path> with the files of a mesh, --consul <url>, --nomad <url>, --registry <module:options>, --consul-rules <url>, --api-address <host:port>, or at least --mesh-config <file>, found none of them',
  );
  check(
    'are a level that Envoy has not',
    ['proxy', 'sidecar', '--proxy-component-log-level', 'http:debug,upstream:loud'],
    "option '--proxy-component-log-level <component:level,...>' argument 'http:debug,upstream:loud' is invalid. expected a list such as http:debug,upstream:info, with levels among trace, debug, info, warning, warn, error, critical, off, found \"upstream:loud\"",
  );
  check(
    'are a kind that is not there',
    ['crds', '--kind', 'VirtualServer'],
    'expected one of VirtualService, DestinationRule, ServiceEntry, WorkloadEntry, Gateway, Sidecar, EnvoyFilter, WorkloadGroup, ProxyConfig, PeerAuthentication, RequestAuthentication, AuthorizationPolicy, Telemetry, WasmPlugin, found VirtualServer',
  );
  check(
    'are two ways to a cluster',
    ['serve', '--kubeconfig', 'x', '--in-cluster'],
    'expected --kubeconfig or --in-cluster, found both',
  );
  check(
    'are a context without a kubeconfig',
    ['serve', '--context', 'staging'],
    'expected --kubeconfig <file> with --context, found none',
  );
  check(
    'are a kubeconfig that is not there',
    ['serve', '--kubeconfig', 'no/such/file'],
    "no/such/file: expected a kubeconfig, found a file that cannot be read: ENOENT: no such file or directory, open 'no/such/file'",
  );
  check(
    'are a webhook without its certificate',
    ['serve', '--config', 'x', '--webhook-address', ':15017', '--webhook-key', 'k.pem'],
    'expected --webhook-address <host:port>, --webhook-cert <file> and --webhook-key <file> together, found only --webhook-address and --webhook-key',
  );
  check(
    'are a block with two lengths',
    ['iptables', '--exclude-outbound', '10.0.0.0/8,10.1.0.0/16/24'],
    `option '--exclude-outbound <cidrs>' argument '10.0.0.0/8,10.1.0.0/16/24' is invalid. expected CIDR blocks such as 10.0.0.0/8, found "10.1.0.0/16/24"`,
  );
  check(
    'are a block of a certain link',
    ['iptables', '--exclude-outbound', 'fe80::1%eth0'],
    `option '--exclude-outbound <cidrs>' argument 'fe80::1%eth0' is invalid. expected CIDR blocks such as 10.0.0.0/8, found "fe80::1%eth0"`,
  );
  check(
    'are a proxy that nobody is',
    ['iptables', '--proxy-uid', '', '--proxy-gid', ''],
    'expected --proxy-uid or --proxy-gid to name the proxy, found neither: its own connections would come back to it',
  );
  check(
    'are an interface that is a rule',
    ['iptables', '--exclude-interfaces', 'eth1 -j ACCEPT'],
    `option '--exclude-interfaces <names>' argument 'eth1 -j ACCEPT' is invalid. expected names of network interfaces such as eth0, found "eth1 -j ACCEPT"`,
  );
  check(
    'are a DNS server by its name',
    ['iptables', '--dns-port', '15053', '--dns-servers', 'dns.example'],
    `option '--dns-servers <addresses>' argument 'dns.example' is invalid. expected IP addresses such as 10.96.0.10, found "dns.example"`,
  );
  check(
    'are users that are no users',
    ['iptables', '--proxy-uid', '1337,--gid-owner'],
    `option '--proxy-uid <ids>' argument '1337,--gid-owner' is invalid. expected ids or names such as 1337, found "--gid-owner"`,
  );
  const api = ['serve', '--api-address'];
  check(
    'are an API without its tokens',
    [...api, '127.0.0.1:0', '--state-dir', 'x'],
    'expected --api-token-file <file> and --state-dir <folder> with --api-address, found only one of them',
  );
  check(
    'are an API in plaintext for everybody',
    [...api, ':15016', '--api-token-file', 'x', '--state-dir', 'x'],
    'expected --api-cert <file> and --api-key <file>, or an --api-address on loopback: tokens do not travel in plaintext',
  );
  check(
    'are a certificate without its key',
    [...api, ':15016', '--api-token-file', 'x', '--state-dir', 'x', '--api-cert', 'x'],
    'expected --api-cert <file> and --api-key <file> together, found one of them',
  );
  const consul = ['serve', '--consul-rules'];
  check(
    'are rules of Consul without a prefix',
    [...consul, 'http://127.0.0.1:8500'],
    '--consul-rules: expected prefix=, such as prefix=fairway/rules, found none',
  );
  check(
    'are rules of Consul with an option that nobody knows',
    [...consul, 'http://127.0.0.1:8500?prefix=a&token=secret'],
    '--consul-rules: expected one of prefix, dc, token-file, ca-file, cert-file, key-file, server-name after the ?, found token',
  );
  check(
    'are rules of Consul at no URL',
    [...consul, '127.0.0.1:8500'],
    '--consul-rules: expected a URL such as http://127.0.0.1:8500?prefix=fairway/rules, found 127.0.0.1:8500',
  );
  const catalog = (flag: string, url: string) => ['serve', flag, url];
  check(
    'are a Consul at no URL',
    catalog('--consul', '127.0.0.1:8500'),
    '--consul: expected a URL such as http://127.0.0.1:8500?dc=dc1, found 127.0.0.1:8500',
  );
  check(
    'are a Consul with a password for all to see',
    catalog('--consul', 'http://me:secret@127.0.0.1:8500'),
    '--consul: expected a URL without a user, found one',
  );
  check(
    'are a Consul with an option that nobody knows',
    catalog('--consul', 'http://127.0.0.1:8500?datacenter=dc1'),
    '--consul: expected one of dc, namespace, domain, alias, address, connections, token-file, ca-file, cert-file, key-file, server-name after the ?, found datacenter',
  );
  check(
    'are an option of a Consul twice that counts once',
    catalog('--consul', 'http://127.0.0.1:8500?namespace=a&namespace=b'),
    '--consul: expected namespace once, found it several times',
  );
  check(
    'are certificates for a Consul in plaintext',
    catalog('--consul', 'http://127.0.0.1:8500?ca-file=ca.pem'),
    '--consul: expected https:// with ca-file, found http://',
  );
  check(
    'are a certificate for a Consul without its key',
    catalog('--consul', 'https://127.0.0.1:8501?cert-file=c.pem'),
    '--consul: expected cert-file and key-file together, found one of them',
  );
  check(
    'are addresses of a Consul that there are not',
    catalog('--consul', 'http://127.0.0.1:8500?address=public'),
    '--consul: expected address=lan or address=wan, found public',
  );
  check(
    'are an alias of a Consul that does not say which service',
    catalog('--consul', 'http://127.0.0.1:8500?alias=reviews'),
    '--consul: expected {name} in an alias, found "reviews"',
  );
  check(
    'are fewer connections to a Consul than can be divided',
    catalog('--consul', 'http://127.0.0.1:8500?dc=dc1&dc=dc2&connections=20'),
    '--consul: expected connections of 32 or more, found 20',
  );
  check(
    'are one datacenter by two URLs',
    [...catalog('--consul', 'http://127.0.0.1:8500?dc=dc1'), '--consul', 'http://127.0.0.1:8501?dc=dc1'],
    'expected every catalog once, found consul/dc1 several times',
  );
  check(
    'are a Nomad with a placeholder that nobody knows',
    catalog('--nomad', 'http://127.0.0.1:4646?alias={name}.{dc}'),
    '--nomad: expected the placeholders {name}, {namespace}, {region}, found {dc}',
  );
  check(
    'are a Nomad with connections that are no number',
    catalog('--nomad', 'http://127.0.0.1:4646?connections=many'),
    '--nomad: expected connections of 16 or more, found many',
  );
  check(
    'are an adapter without a module',
    catalog('--registry', ':http://127.0.0.1'),
    '--registry: expected module:options such as ./registry.js:http://127.0.0.1:8080, found :http://127.0.0.1',
  );
  check(
    'are an adapter that is not there',
    catalog('--registry', './no/such.js:x'),
    `--registry: cannot load ./no/such.js: there is no file ${resolve('no/such.js')}`,
  );
  check(
    'are tokens without an API',
    ['serve', '--config', 'x', '--api-token-file', 'x'],
    'expected --api-address <host:port> with --api-token-file, found none',
  );
  check('are an option without its value', ['serve', '--config'], "option '--config <path>' argument missing");
  check(
    'are more arguments than there are',
    ['serve', '--config', 'x', 'y'],
    "too many arguments for 'serve'. Expected 0 arguments but got 1: y.",
  );
  check(
    'are an address without a port',
    ['serve', '--config', 'x', '--xds-address', 'here'],
    `option '--xds-address <host:port>' argument 'here' is invalid. expected host:port such as 127.0.0.1:15010, found "here"`,
  );
  check(
    'are a port that is none',
    ['serve', '--config', 'x', '--http-address', ':70000'],
    `option '--http-address <host:port>' argument ':70000' is invalid. expected host:port such as 127.0.0.1:15010, found ":70000"`,
  );
  check(
    'are a duration that is none',
    ['serve', '--config', 'x', '--drain', 'soon'],
    `option '--drain <duration>' argument 'soon' is invalid. expected a duration such as 10s, found "soon"`,
  );
  check(
    'are a level that nobody knows',
    ['serve', '--config', 'x', '--log-level', 'loud'],
    "option '--log-level <level>' argument 'loud' is invalid. Allowed choices are error, warn, info, debug.",
  );
  check(
    'are a form of the log that nobody knows',
    ['serve', '--config', 'x', '--log-format', 'xml'],
    "option '--log-format <format>' argument 'xml' is invalid. Allowed choices are auto, json, text.",
  );
});

describe('the exit code', () => {
  for (const args of [['serve', '--nope'], ['validate', '--nope'], ['proxy', 'sideways'], ['srve'], []])
    it(`is 2 for fairway ${args.join(' ')}`, async () => {
      assert.equal((await runFairway('.', args)).exitCode, 2);
    });

  it('is 0 for help', async () => {
    assert.equal((await runFairway('.', ['serve', '--help'])).exitCode, 0);
  });
});
