/** Inbound connections that a real Envoy is handed with both their addresses. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { findEnvoy } from '../../src/agent/envoy-program.ts';
import type { Family } from '../../src/agent/iptables/rules.ts';
import { describeWithIptables } from '../support/iptables.ts';
import { describeWith } from '../support/real-part.ts';
import { until } from '../support/until.ts';
import { addresses, makeNamespaces, type Namespaces, type Place, type User, variants } from './support/namespaces.ts';

const envoy = {
  name: 'an Envoy',
  found: findEnvoy()?.path,
  remedy: 'set ENVOY, put one on PATH, or run `npm run setup`',
};

/** As the sidecar of a pod with TPROXY runs: root, told from others by its group. */
const asProxy = ['--regid', '1337', '--clear-groups'];

const socket = (address: string, port: number) => ({
  socket_address: { address, port_value: port, ipv4_compat: address === '::' },
});
const type = (name: string) => `type.googleapis.com/envoy.${name}`;

/** Passes on to where a connection was going, in the name of whoever made it, and says each of them. */
const configuration = {
  static_resources: {
    listeners: [
      {
        name: 'inbound',
        address: socket('::', 15006),
        transparent: true,
        listener_filters: [
          {
            name: 'original_dst',
            typed_config: { '@type': type('extensions.filters.listener.original_dst.v3.OriginalDst') },
          },
          {
            name: 'original_src',
            typed_config: { '@type': type('extensions.filters.listener.original_src.v3.OriginalSrc'), mark: 1337 },
          },
        ],
        filter_chains: [
          {
            filters: [
              {
                name: 'tcp_proxy',
                typed_config: {
                  '@type': type('extensions.filters.network.tcp_proxy.v3.TcpProxy'),
                  stat_prefix: 'inbound',
                  cluster: 'inbound',
                  access_log: [
                    {
                      name: 'stdout',
                      typed_config: {
                        '@type': type('extensions.access_loggers.stream.v3.StdoutAccessLog'),
                        log_format: {
                          text_format_source: { inline_string: 'from %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%\n' },
                        },
                      },
                    },
                  ],
                },
              },
            ],
          },
        ],
      },
    ],
    clusters: [{ name: 'inbound', type: 'ORIGINAL_DST', lb_policy: 'CLUSTER_PROVIDED', connect_timeout: '1s' }],
  },
};

describeWithIptables('connections with TPROXY', (iptables) => {
  describeWith(envoy, 'through an Envoy', (program) => {
    for (const variant of variants)
      describe(`by ${variant}`, () => {
        let world: Namespaces;
        let log = '';
        before(async () => {
          world = makeNamespaces(iptables, variant);
          const { exitCode, stderr } = await world.fairway(['--mode', 'TPROXY', '--exclude-inbound-ports', '9100']);
          assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' });
          const args = [
            '--config-yaml',
            JSON.stringify(configuration),
            '--concurrency',
            '1',
            '--disable-hot-restart',
            '--file-flush-interval-msec',
            '50',
          ];
          const child = world.start('pod', [program, ...args], asProxy);
          for (const stream of [child.stdout, child.stderr])
            stream?.on('data', (chunk) => {
              log += chunk;
            });
          await Promise.all([
            world.serve('pod', 'proxy', '15001', ['15001']),
            world.serve('pod', 'application', 'application', ['8080', '9100']),
            world.serve('outside', 'application', 'outside', ['80']),
            until(() => log.includes('all dependencies initialized. starting workers'), {
              what: 'Envoy',
              mostMs: 20_000,
            }),
          ]);
        });
        after(() => world?.close());
        for (const family of [4, 6] as const)
          testFamily(family, {
            speak: (place, user, args) => world.speak(place, user, args),
            log: () => log,
          });
      });
  });
});

interface World {
  speak(place: Place, user: User, args: readonly (string | number)[]): Promise<string>;
  /** What Envoy has said so far. */
  log(): string;
}

function testFamily(family: Family, { speak, log }: World): void {
  const { pod, outside, loopback } = addresses[family];
  const passed = (from = outside) =>
    log()
      .split('\n')
      .filter((line) => line === `from ${from}`).length;

  it(`IPv${family}: go through Envoy, and the application sees who made them`, async () => {
    const earlier = passed();
    assert.equal(await speak('outside', 'application', ['connect', pod, 8080]), `application ${outside}`);
    await until(() => passed() === earlier + 1, { what: 'a connection through Envoy', mostMs: 20_000 });
  });

  it(`IPv${family}: come in straight to an excluded port`, async () => {
    const earlier = passed();
    assert.equal(await speak('outside', 'application', ['connect', pod, 9100]), `application ${outside}`);
    // The one that is behind it comes through Envoy, and is the only one that did.
    await speak('outside', 'application', ['connect', pod, 8080]);
    await until(() => passed() > earlier, { what: 'a connection through Envoy', mostMs: 20_000 });
    assert.equal(passed(), earlier + 1);
  });

  it(`IPv${family}: of an application go to the proxy, and stay when they are to itself`, async () => {
    assert.equal(await speak('pod', 'application', ['connect', outside, 80]), `15001 ${pod}`);
    assert.equal(await speak('pod', 'application', ['connect', pod, 8080]), `application ${pod}`);
    assert.equal(await speak('pod', 'application', ['connect', loopback, 8080]), `application ${loopback}`);
  });

  it(`IPv${family}: of the proxy to its own pod come in through Envoy`, async () => {
    const earlier = passed(pod);
    assert.equal(await speak('pod', 'proxy', ['connect', pod, 8080]), `application ${pod}`);
    await until(() => passed(pod) === earlier + 1, { what: 'a connection through Envoy', mostMs: 20_000 });
  });

  it(`IPv${family}: of the proxy go out`, async () => {
    assert.equal(await speak('pod', 'proxy', ['connect', outside, 80]), `outside ${pod}`);
  });
}
