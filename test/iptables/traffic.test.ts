/** Where connections go under the rules of `fairway iptables`, as the kernel sees it. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Family } from '../../src/agent/iptables/rules.ts';
import { describeWithIptables } from '../support/iptables.ts';
import {
  addresses,
  makeNamespaces,
  type Namespaces,
  type Place,
  type User,
  users,
  variants,
} from './support/namespaces.ts';

const options = ['--exclude-outbound-ports', '81', '--exclude-outbound', '10.80.0.0/16,fd80::/16'];
const inbound = ['--exclude-inbound-ports', '9100'];
const dns = ['--dns-port', '15053', '--dns-servers', `${addresses[4].outside},${addresses[6].outside}`];

function everyUdp(places: readonly ('loopback' | 'outside' | 'farAway')[], port: number): readonly string[] {
  return places.flatMap((place) => [`${addresses[4][place]}/${port}`, `${addresses[6][place]}/${port}`]);
}

describeWithIptables('connections', (iptables) => {
  for (const variant of variants)
    describe(`by ${variant}`, () => {
      let world: Namespaces;
      before(async () => {
        world = makeNamespaces(iptables, variant);
        await Promise.all([
          world.serve('pod', 'proxy', '15001', ['15001']),
          world.serve('pod', 'proxy', '15006', ['15006']),
          world.serve('pod', 'proxy', 'agent', ['15021', '15053', ...everyUdp(['loopback'], 15053)]),
          world.serve('pod', 'application', 'application', ['8080', '9100']),
          world.serve('outside', 'application', 'outside', ['80', '81', '8080']),
          world.serve('outside', 'application', 'server', ['53', ...everyUdp(['outside', 'farAway'], 53)]),
        ]);
        const { exitCode, stderr } = await world.fairway([...options, ...inbound, ...dns]);
        assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' });
      });
      after(() => world?.close());
      for (const family of [4, 6] as const) testFamily(family, () => world);
    });
});

describeWithIptables('connections of groups', (iptables) => {
  for (const [option, taken] of [
    ['--include-outbound-groups', true],
    ['--exclude-outbound-groups', false],
  ] as const)
    it(`go out or to the proxy: ${option}`, async () => {
      const world = makeNamespaces(iptables, 'nft');
      try {
        await world.serve('pod', 'proxy', '15001', ['15001']);
        await world.serve('outside', 'application', 'outside', ['80']);
        const heard = async (groups: string) => {
          assert.equal((await world.fairway([option, groups])).stderr, '');
          return world.speak('pod', 'application', ['connect', addresses[4].outside, 80]);
        };
        const [own, others] = [`${users.application},3000`, '3000,4000'];
        const [proxied, straight] = [`15001 ${addresses[4].pod}`, `outside ${addresses[4].pod}`];
        assert.deepEqual([await heard(own), await heard(others)], taken ? [proxied, straight] : [straight, proxied]);
      } finally {
        await world.close();
      }
    });
});

// As on a machine with systemd-resolved. IPv6 has one address of loopback.
const local = { 4: '127.0.0.53', 6: '::1' } as const;

describeWithIptables('questions to a DNS server of the pod itself', (iptables) => {
  for (const mode of ['REDIRECT', 'TPROXY'])
    describe(`with ${mode}`, () => {
      let world: Namespaces;
      before(async () => {
        world = makeNamespaces(iptables, 'nft');
        await Promise.all([
          world.serve('pod', 'proxy', 'agent', ['15053', ...everyUdp(['loopback'], 15053)]),
          world.serve('pod', 'application', 'server', ['53', `${local[4]}/53`, `${local[6]}/53`]),
        ]);
        const servers = Object.values(local).join(',');
        const { stderr } = await world.fairway(['--mode', mode, '--dns-port', '15053', '--dns-servers', servers]);
        assert.equal(stderr, '');
      });
      after(() => world?.close());
      for (const family of [4, 6] as const)
        for (const verb of ['ask', 'connect'])
          it(`IPv${family}: are answered by the agent, and by the server when the agent asks: ${verb}`, async () => {
            const from = addresses[family].loopback;
            assert.deepEqual(
              [
                await world.speak('pod', 'application', [verb, local[family], 53]),
                await world.speak('pod', 'proxy', [verb, local[family], 53]),
              ],
              [`agent ${from}`, `server ${from}`],
            );
          });
    });
});

function testFamily(family: Family, world: () => Namespaces): void {
  const { pod, outside, farAway, loopback, passOn } = addresses[family];
  function check(
    name: string,
    [place, user]: readonly [Place, User],
    args: readonly (string | number)[],
    said: string,
  ) {
    it(`IPv${family}: ${name}`, async () => assert.equal(await world().speak(place, user, args), said));
  }
  const application = ['pod', 'application'] as const;
  const proxy = ['pod', 'proxy'] as const;
  const client = ['outside', 'application'] as const;
  check("an application's go to the proxy", application, ['connect', outside, 80], `15001 ${pod}`);
  check("the proxy's own go out", proxy, ['connect', outside, 80], `outside ${pod}`);
  check('those to an excluded port go out', application, ['connect', outside, 81], `outside ${pod}`);
  check('those to an excluded block go out', application, ['connect', farAway, 80], `outside ${pod}`);
  check('those to loopback stay', application, ['connect', loopback, 8080], `application ${loopback}`);
  check("those to the pod's own address stay", application, ['connect', pod, 8080], `application ${pod}`);
  check('a call to oneself comes in from the proxy', proxy, ['connect', pod, 8080], `15006 ${pod}`);
  check('what the proxy passes on arrives', proxy, ['connect', pod, 8080, passOn], `application ${passOn}`);
  check('the proxy reaches loopback', proxy, ['connect', loopback, 8080], `application ${loopback}`);
  check('those from outside go to the proxy', client, ['connect', pod, 8080], `15006 ${outside}`);
  check('those to an excluded port come in', client, ['connect', pod, 9100], `application ${outside}`);
  check("those to the agent's port come in", client, ['connect', pod, 15021], `agent ${outside}`);
  check('a question to DNS goes to the agent', application, ['ask', outside, 53], `agent ${pod}`);
  check('a question by TCP does so too', application, ['connect', outside, 53], `agent ${pod}`);
  check("the agent's own question goes out", proxy, ['ask', outside, 53], `server ${pod}`);
  check("the agent's own question by TCP goes out", proxy, ['connect', outside, 53], `server ${pod}`);
  check('a question to another server goes out', application, ['ask', farAway, 53], `server ${pod}`);
  it(`IPv${family}: two questions from one port get their own answers`, async () => {
    // Both processes send from port 5353, one after the other: the kernel still knows the first when the second comes.
    const first = await world().speak('pod', 'application', ['ask', outside, 53, 5353]);
    const second = await world().speak('pod', 'proxy', ['ask', outside, 53, 5353]);
    assert.deepEqual([first, second], [`agent ${pod}`, `server ${pod}`]);
  });
}
