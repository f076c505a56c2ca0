import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { decode } from 'dns-packet';
import {
  addressOf,
  answerOf,
  askByUdp,
  frame,
  type Nameserver,
  nameserver,
  question,
  tcpClient,
  textOf,
  unusedPort,
} from '../../../test/support/dns.ts';
import { until } from '../../../test/support/until.ts';
import { silent } from '../../lib/log.ts';
import { Names } from './names.ts';
import { DnsServer } from './server.ts';

const host = 'reviews.shop.svc.cluster.local';
const local = { host: '127.0.0.1', port: 0 };

interface Started {
  readonly server: DnsServer;
  readonly port: number;
  /** By whom questions have been answered. */
  readonly by: readonly string[];
}

async function start(
  test: TestContext,
  upstreams: readonly Pick<Nameserver, 'host' | 'port'>[] = [],
  patienceMs = 2000,
): Promise<Started> {
  const names = new Names({ namespace: 'shop', domainSuffix: 'cluster.local' });
  const isKubernetes = true;
  names.set(host, new Map([[host, { addresses: ['10.0.0.1'], isKubernetes }]]));
  const many = Array.from({ length: 200 }, (_, i) => `10.1.0.${i}`);
  names.set('many.test', new Map([['many.test', { addresses: many, isKubernetes: false }]]));
  names.set('*.wild.test', new Map([['*.wild.test', { addresses: ['10.1.1.1'], isKubernetes: false }]]));
  const by: string[] = [];
  const patience = { patienceMs, lastPatienceMs: patienceMs };
  const server = new DnsServer({
    ...local,
    names,
    upstreams: () => upstreams,
    log: silent,
    onAnswer: (who) => by.push(who),
    patience,
  });
  test.after(() => server.close());
  return { server, port: await server.listen(), by };
}

const elsewhere = (test: TestContext) => nameserver(test, (message) => [addressOf(message, '10.2.0.1')]);

describe('a DNS server of a pod', () => {
  it('answers for the names of the mesh, over both protocols at one port', async (test) => {
    const { port, by } = await start(test);
    const client = tcpClient(test, port);
    client.send(question('reviews'));
    assert.equal(textOf(await askByUdp(test, port, question('reviews'))), 'NOERROR A 10.0.0.1');
    assert.deepEqual((await client.answers(1)).map(textOf), ['NOERROR A 10.0.0.1']);
    assert.deepEqual(by, ['names', 'names']);
  });

  it('asks others for all other names, by the protocol that it was asked by', async (test) => {
    const other = await elsewhere(test);
    const { port, by } = await start(test, [other]);
    const client = tcpClient(test, port);
    assert.equal(textOf(await askByUdp(test, port, question('a.test'))), 'NOERROR A 10.2.0.1');
    client.send(question('b.test'));
    assert.deepEqual((await client.answers(1)).map(textOf), ['NOERROR A 10.2.0.1']);
    assert.deepEqual(
      [other.asked, by],
      [
        ['udp a.test', 'tcp b.test'],
        ['upstream', 'upstream'],
      ],
    );
  });

  it('says over UDP that an answer is cut short, and over TCP all of it', async (test) => {
    const { port } = await start(test);
    const client = tcpClient(test, port);
    assert.match(textOf(await askByUdp(test, port, question('many.test'))), /^NOERROR TC( A 10\.1\.0\.\d+){29,30}$/);
    client.send(question('many.test'));
    assert.equal(decode((await client.answers(1))[0] as Buffer).answers?.length, 200);
  });

  it('passes on what others cut short, so that its client asks them over TCP', async (test) => {
    const other = await nameserver(test, (message, protocol) => [
      protocol === 'udp' ? answerOf(message, { flags: 1 << 9 }) : addressOf(message, '10.2.0.1'),
    ]);
    const { port } = await start(test, [other]);
    const client = tcpClient(test, port);
    assert.equal(textOf(await askByUdp(test, port, question('a.test'))), 'NOERROR TC');
    client.send(question('a.test'));
    assert.deepEqual((await client.answers(1)).map(textOf), ['NOERROR A 10.2.0.1']);
  });

  it('asks others for other records of its names, and lets nobody deny these', async (test) => {
    const denying = await nameserver(test, (message) => [answerOf(message, { flags: 3 })]);
    const { port } = await start(test, [denying]);
    assert.equal(textOf(await askByUdp(test, port, question('reviews', 'MX'))), 'NOERROR');
    assert.equal(textOf(await askByUdp(test, port, question('other', 'MX'))), 'NXDOMAIN');
    assert.deepEqual(denying.asked, ['udp reviews', 'udp other']);
  });

  it('says that it has failed when nobody else answers', async (test) => {
    const { port, by } = await start(test, [{ ...local, port: await unusedPort() }], 100);
    assert.equal(textOf(await askByUdp(test, port, question('a.test'))), 'SERVFAIL');
    assert.deepEqual(by, ['nobody']);
  });

  it('answers a thousand questions at a time', async (test) => {
    const other = await elsewhere(test);
    const { port } = await start(test, [other], 5000);
    const socket = createSocket('udp4');
    test.after(() => socket.close());
    const answers = new Map<number, string>();
    socket.on('message', (message) => answers.set(message.readUInt16BE(0), textOf(message)));
    const ids = Array.from({ length: 1000 }, (_, i) => i);
    const ask = (id: number) =>
      socket.send(question(id % 2 === 0 ? 'reviews' : `a-${id}.test`, 'A', id), port, local.host);
    // What a full buffer has lost is asked again, as resolvers do.
    await until(
      () => {
        const missing = ids.filter((id) => !answers.has(id));
        for (const id of missing.slice(0, 100)) ask(id);
        return missing.length === 0;
      },
      { what: 'a thousand answers', mostMs: 20_000 },
    );
    const wrong = ids.filter((id) => answers.get(id) !== `NOERROR A ${id % 2 === 0 ? '10.0.0.1' : '10.2.0.1'}`);
    assert.deepEqual(wrong, []);
  });

  it('answers many questions of one connection, whatever pieces they come in', async (test) => {
    const other = await elsewhere(test);
    const { port } = await start(test, [other]);
    const client = tcpClient(test, port);
    const ids = Array.from({ length: 20 }, (_, i) => i);
    const bytes = Buffer.concat(ids.map((id) => frame(question(id % 2 === 0 ? 'reviews' : 'a.test', 'A', id))));
    for (let at = 0; at < bytes.length; at += 7) client.socket.write(bytes.subarray(at, at + 7));
    const answers = await client.answers(20);
    assert.deepEqual(
      answers.map((answer) => answer.readUInt16BE(0)).sort((a, b) => a - b),
      ids,
    );
  });

  it('says nothing to garbage and to answers, and goes on', async (test) => {
    const other = await elsewhere(test);
    const { port, by } = await start(test, [other]);
    const garbage = [
      Buffer.alloc(0),
      Buffer.from('garbage'),
      addressOf(question('reviews'), '10.0.0.9'),
      Buffer.alloc(3000, 0xff),
    ];
    const socket = createSocket('udp4');
    test.after(() => socket.close());
    let heard = 0;
    socket.on('message', () => heard++);
    const client = tcpClient(test, port);
    for (const one of garbage) socket.send(one, port, local.host);
    client.send(...garbage);
    client.send(question('reviews'));
    assert.deepEqual((await client.answers(1)).map(textOf), ['NOERROR A 10.0.0.1']);
    assert.equal(textOf(await askByUdp(test, port, question('reviews'))), 'NOERROR A 10.0.0.1');
    assert.deepEqual([heard, other.asked, by], [0, [], ['names', 'names']]);
  });

  it('goes on after a question whose answer would not fit a message', async (test) => {
    const { port } = await start(test);
    const client = tcpClient(test, port);
    const asked = question('a.wild.test.shop.svc.cluster.local');
    const label = Buffer.from('\x01a');
    client.send(
      Buffer.concat([asked.subarray(0, 12), ...Array.from({ length: 20_000 }, () => label), asked.subarray(12)]),
    );
    client.send(question('reviews'));
    assert.deepEqual((await client.answers(2)).map(textOf).sort(), ['NOERROR A 10.0.0.1', 'SERVFAIL']);
  });

  it('goes on when a client leaves before its answer', async (test) => {
    let leave = () => {};
    const other = await nameserver(test, (message) => {
      leave();
      return [addressOf(message, '10.2.0.1')];
    });
    const { port, by } = await start(test, [other]);
    const client = tcpClient(test, port);
    leave = () => client.socket.resetAndDestroy();
    client.send(question('a.test'));
    await until(() => by.length === 1, { what: 'an answer' });
    assert.equal(textOf(await askByUdp(test, port, question('reviews'))), 'NOERROR A 10.0.0.1');
  });

  it('ends while others are being asked', async (test) => {
    const other = await nameserver(test, () => []);
    const { server, port, by } = await start(test, [other], 100);
    const socket = createSocket('udp4');
    test.after(() => socket.close());
    socket.send(question('a.test'), port, local.host);
    await until(() => other.asked.length === 1, { what: 'a question' });
    await server.close();
    await until(() => by.length === 1, { what: 'an end of waiting' });
    assert.deepEqual(by, ['nobody']);
  });

  it('says when its port is taken for UDP', async (test) => {
    const taken = createSocket('udp4');
    test.after(() => taken.close());
    taken.bind(0, local.host);
    await once(taken, 'listening');
    const names = new Names({ namespace: 'shop', domainSuffix: 'cluster.local' });
    const { port } = taken.address();
    await assert.rejects(
      new DnsServer({ ...local, port, names, upstreams: () => [], log: silent }).listen(),
      /EADDRINUSE/,
    );
    const free = createServer().listen(port, local.host);
    test.after(() => free.close());
    await once(free, 'listening');
  });

  it('says when its port is taken for TCP, and lets go of the other protocol', async (test) => {
    const taken = createServer().listen(0, local.host);
    test.after(() => taken.close());
    await once(taken, 'listening');
    const { port } = taken.address() as { readonly port: number };
    const names = new Names({ namespace: 'shop', domainSuffix: 'cluster.local' });
    const server = new DnsServer({ ...local, port, names, upstreams: () => [], log: silent });
    await assert.rejects(server.listen(), /EADDRINUSE/);
    const udp = createSocket('udp4');
    test.after(() => udp.close());
    udp.bind(port, local.host);
    await once(udp, 'listening');
  });
});
