import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gateway } from '../../test/support/gateway-proxy.ts';
import { objectIn } from '../../test/support/objects.ts';
import type { Config } from '../config/config.ts';
import { decodeConfig } from '../config/decode.ts';
import type { Gateway } from '../config/gateway.ts';
import { type PlannedServer, planGateways } from './gateway-plan.ts';

function config(yaml: string): Config<Gateway> {
  const { config: found } = decodeConfig('Gateway', objectIn(yaml));
  assert.ok(found !== undefined, 'expected a Gateway without errors');
  return found;
}

/** `edge/front#0 https https.443.https.front.edge (a.test)` */
function line({ gateway: owner, index, kind, routeName, serverNames }: PlannedServer): string {
  const names = serverNames.length === 0 ? '' : ` (${serverNames.join(', ')})`;
  return `${owner}#${index} ${kind}${routeName === '' ? '' : ` ${routeName}`}${names}`;
}

interface Expected {
  /** By port, or `bind port`. */
  readonly servers: { readonly [listener: string]: readonly string[] };
  readonly conflicts?: readonly string[];
}

describe('the plan of Gateways', () => {
  /** Gateways come oldest first; a port `n` is listened for at what `ports` says. */
  function check(
    name: string,
    gateways: readonly string[],
    { servers, conflicts = [] }: Expected,
    ports: { readonly [port: number]: readonly number[] } = {},
  ): void {
    it(name, () => {
      const plan = planGateways(gateways.map(config), (_, port) => ports[port] ?? [port]);
      assert.deepEqual(
        {
          servers: Object.fromEntries(
            plan.listeners.map(({ bind, port, servers: planned }) => [`${bind} ${port}`.trim(), planned.map(line)]),
          ),
          conflicts: plan.conflicts.map(({ gateway: owner, server, message }) => `${owner}#${server}: ${message}`),
        },
        { servers, conflicts },
      );
    });
  }
  const http = (port: number, hosts: string, more = '') =>
    `- { port: { number: ${port}, name: http-${port}, protocol: HTTP }, hosts: ${hosts}${more} }\n`;
  const https = (name: string, hosts: string, more = '') =>
    `- { port: { number: 443, name: ${name}, protocol: HTTPS }, hosts: ${hosts}, tls: { mode: SIMPLE, credentialName: ${name} }${more} }\n`;
  const tcp = (port: number, more = '') =>
    `- { port: { number: ${port}, name: tcp-${port}, protocol: TCP }, hosts: ['*']${more} }\n`;
  const passed = (name: string, hosts: string) =>
    `- { port: { number: 443, name: ${name}, protocol: TLS }, hosts: ${hosts}, tls: { mode: PASSTHROUGH } }\n`;

  check(
    'lets plain HTTP of several Gateways share a port and a route name',
    [gateway('edge/a', http(80, '[a.test]')), gateway('edge/b', http(80, '[b.test]'))],
    { servers: { 80: ['edge/a#0 http http.80', 'edge/b#0 http http.80'] } },
  );
  check(
    'gives every HTTPS server a route name of its own',
    [gateway('edge/a', https('one', '[a.test, b.test]') + https('two', "['*']"))],
    {
      servers: {
        443: ['edge/a#0 https https.443.one.a.edge (a.test, b.test)', 'edge/a#1 https https.443.two.a.edge (*)'],
      },
    },
  );
  check(
    'names plain routes after the port that is listened on, and HTTPS routes after the stated one',
    [gateway('edge/a', http(80, '[a.test]') + https('one', '[a.test]'))],
    { servers: { 8080: ['edge/a#0 http http.8080'], 8443: ['edge/a#1 https https.443.one.a.edge (a.test)'] } },
    { 80: [8080], 443: [8443] },
  );
  check(
    'may serve one port in several places, or in none',
    [gateway('edge/a', http(80, '[a.test]') + http(81, '[a.test]'))],
    { servers: { 8080: ['edge/a#0 http http.8080'], 9080: ['edge/a#0 http http.9080'] } },
    { 80: [8080, 9080], 81: [] },
  );
  check(
    'keeps binds apart',
    [gateway('edge/a', tcp(80)), gateway('edge/b', http(80, '[b.test]', ', bind: 10.0.0.9'))],
    { servers: { 80: ['edge/a#0 tcp'], '10.0.0.9 80': ['edge/b#0 http http.80.10.0.0.9'] } },
  );
  check(
    'tells passed, terminated and plain connections apart',
    [
      gateway(
        'edge/a',
        `${passed('pass', '[p.test]')}- { port: { number: 443, name: end, protocol: TLS }, hosts: [t.test], tls: { mode: MUTUAL, credentialName: c } }\n${tcp(31400)}`,
      ),
    ],
    { servers: { 443: ['edge/a#0 passed', 'edge/a#1 terminated (t.test)'], 31400: ['edge/a#2 tcp'] } },
  );

  check(
    'gives a port to the protocol of the oldest server',
    [gateway('edge/old', tcp(80)), gateway('edge/new', http(80, '[a.test]'))],
    {
      servers: { 80: ['edge/old#0 tcp'] },
      conflicts: ['edge/new#0: expected TCP as in the older Gateway edge/old on port 80, found HTTP'],
    },
  );
  check('lets no second TCP server share a port', [gateway('edge/old', tcp(80)), gateway('edge/new', tcp(80))], {
    servers: { 80: ['edge/old#0 tcp'] },
    conflicts: ['edge/new#0: expected TCP as in the older Gateway edge/old on port 80, found TCP'],
  });
  check(
    'gives a host with TLS to the oldest server that has it',
    [gateway('edge/old', https('one', '[a.test]')), gateway('edge/new', https('one', '[b.test, A.test]'))],
    {
      servers: { 443: ['edge/old#0 https https.443.one.old.edge (a.test)'] },
      conflicts: ['edge/new#0: expected hosts that no older server of port 443 has, found a.test again'],
    },
  );
  check(
    'gives a redirected host to the oldest server that redirects it',
    [
      gateway('edge/old', http(80, '[a.test]', ', tls: { httpsRedirect: true }')),
      gateway('edge/new', http(80, '[a.test]', ', tls: { httpsRedirect: true }')),
    ],
    {
      servers: { 80: ['edge/old#0 http http.80'] },
      conflicts: ['edge/new#0: expected hosts that no older server of port 80 has, found a.test again'],
    },
  );
  check(
    'leaves a server the names that no older one has for another namespace',
    [
      gateway('edge/old', https('one', '[shop/a.test]')),
      gateway('edge/new', https('one', '[bank/a.test, bank/b.test]')),
    ],
    {
      servers: {
        443: ['edge/old#0 https https.443.one.old.edge (a.test)', 'edge/new#0 https https.443.one.new.edge (b.test)'],
      },
      conflicts: [
        'edge/new#0: expected server names that no older server of port 443 has, found a.test again, for another namespace',
      ],
    },
  );
  check(
    'leaves out a server all of whose names are taken',
    [gateway('shop/one', https('one', "['./*']")), gateway('bank/one', https('one', "['./*']"))],
    {
      servers: { 443: ['shop/one#0 https https.443.one.one.shop (*)'] },
      conflicts: [
        'bank/one#0: expected server names that no older server of port 443 has, found * again, for another namespace',
      ],
    },
  );
  check(
    'takes */* for every host of every namespace',
    [gateway('edge/a', https('one', "['*/*', shop/a.test]")), gateway('edge/b', https('one', "['*']"))],
    {
      servers: { 443: ['edge/a#0 https https.443.one.a.edge (*)'] },
      conflicts: ['edge/b#0: expected hosts that no older server of port 443 has, found * again'],
    },
  );
});
