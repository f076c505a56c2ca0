import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import {
  addressOf,
  answerOf,
  type Nameserver,
  nameserver,
  question,
  textOf,
  unusedPort,
} from '../../../test/support/dns.ts';
import { fakeClock } from '../../../test/support/fake-clock.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { askUpstream, currentNameservers, nameserversIn } from './upstream.ts';

describe('the servers of a resolv.conf', () => {
  const check = (name: string, text: string, expected: readonly string[], own = { host: '127.0.0.1', port: 15053 }) =>
    it(name, (test) => {
      const folder = tempFolder(test);
      folder.write('resolv.conf', text);
      assert.deepEqual(
        nameserversIn(folder.at('resolv.conf'), [own]),
        expected.map((host) => ({ host, port: 53 })),
      );
    });
  check('are those that it names, in their order', 'search a.test\nnameserver 10.0.0.2\nnameserver fd00::1\n', [
    '10.0.0.2',
    'fd00::1',
  ]);
  check(
    'are not those in comments, nor what is no address',
    '# nameserver 10.0.0.2\n;nameserver 10.0.0.3\nnameserver dns.test',
    [],
  );
  check('may be behind spaces and before comments', '  nameserver\t10.0.0.2 # first\nnameserver 10.0.0.3', [
    '10.0.0.2',
    '10.0.0.3',
  ]);
  check('are on loopback where the agent has another port', 'nameserver 127.0.0.1', ['127.0.0.1']);
  check('are never the agent itself', 'nameserver ::0001\nnameserver 10.0.0.2', ['10.0.0.2'], {
    host: '::1',
    port: 53,
  });
  it('are those of another network after a second, but never none', (test) => {
    const folder = tempFolder(test);
    const clock = fakeClock();
    const current = currentNameservers(folder.at('resolv.conf'), [], clock);
    const found = () => current().map(({ host }) => host);
    const seen = [found()];
    for (const [text, ms] of [
      ['nameserver 10.0.0.2', 999],
      ['nameserver 10.0.0.2', 1],
      ['', 1000],
      ['nameserver 10.0.0.3', 1000],
    ] as const) {
      folder.write('resolv.conf', text);
      clock.advance(ms);
      seen.push(found());
    }
    assert.deepEqual(seen, [[], [], ['10.0.0.2'], ['10.0.0.2'], ['10.0.0.3']]);
  });
  it('are none without the file', () => assert.deepEqual(nameserversIn('/nowhere/resolv.conf', []), []));
});

for (const protocol of ['udp', 'tcp'] as const)
  describe(`a question that is passed on over ${protocol}`, () => {
    const asked = question('a.test', 'A', 4711);
    const serving = (test: TestContext, ...answers: readonly ((message: Buffer) => Buffer)[]) =>
      nameserver(test, (message) => answers.map((answer) => answer(message)));
    const ask = (...servers: readonly Pick<Nameserver, 'host' | 'port'>[]) =>
      askUpstream(asked, servers, { isUdp: protocol === 'udp', patienceMs: 500, lastPatienceMs: 2000 }).then(textOf);
    const good = (message: Buffer) => addressOf(message, '10.0.0.1');
    const withCode = (code: number) => (message: Buffer) => answerOf(message, { flags: code });

    it('is answered by the first server', async (test) => {
      const [first, second] = [await serving(test, good), await serving(test, good)];
      assert.equal(await ask(first, second), 'NOERROR A 10.0.0.1');
      assert.deepEqual([first.asked, second.asked], [[`${protocol} a.test`], []]);
    });

    it('is answered by the next server when the first one is silent', async (test) =>
      assert.equal(await ask(await serving(test), await serving(test, good)), 'NOERROR A 10.0.0.1'));

    it('is answered by the next server when nobody is there', async (test) =>
      assert.equal(
        await ask({ host: '127.0.0.1', port: await unusedPort() }, await serving(test, good)),
        'NOERROR A 10.0.0.1',
      ));

    // As with a server of IPv6 in a pod of IPv4: no socket is even connected.
    it('is answered by the next server when no route leads to the first', async (test) =>
      assert.equal(await ask({ host: '255.255.255.255', port: 53 }, await serving(test, good)), 'NOERROR A 10.0.0.1'));

    for (const [name, code] of [
      ['has failed', 2],
      ['does not do that', 4],
      ['refuses', 5],
    ] as const)
      it(`is answered by the next server when the first one ${name}`, async (test) =>
        assert.equal(await ask(await serving(test, withCode(code)), await serving(test, good)), 'NOERROR A 10.0.0.1'));

    it('is answered with a refusal when nobody has a better answer', async (test) =>
      assert.equal(
        await ask(await serving(test, withCode(5)), { host: '127.0.0.1', port: await unusedPort() }),
        'REFUSED',
      ));

    it('is denied by the first server that says that there is no such name', async (test) => {
      const second = await serving(test, good);
      assert.equal(await ask(await serving(test, withCode(3)), second), 'NXDOMAIN');
      assert.deepEqual(second.asked, []);
    });

    it('is not answered by what bears another number, asks, or is no message', async (test) => {
      const another = () => addressOf(question('a.test', 'A', 4712), '10.9.9.9');
      const short = (message: Buffer) => message.subarray(0, 2);
      const server = await serving(
        test,
        another,
        (message) => message,
        short,
        () => Buffer.from('x'),
        good,
      );
      assert.equal(await ask(server), 'NOERROR A 10.0.0.1');
    });

    it('is given up when there is nobody', async () => {
      await assert.rejects(ask(), /^Error: expected a DNS server to ask, found none$/);
      await assert.rejects(ask({ host: '127.0.0.1', port: await unusedPort() }), /ECONNREFUSED/);
    });

    it('is given up when nobody says anything', async (test) => {
      const server = await serving(test);
      const options = { isUdp: protocol === 'udp', patienceMs: 10, lastPatienceMs: 20 };
      await assert.rejects(askUpstream(asked, [server, server], options), /^Error: no answer from 127.0.0.1$/);
    });
  });
