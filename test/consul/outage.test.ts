/** A Consul that cannot be asked, and a real Envoy that does not notice: no call fails, and every change is made up for. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import type { AddressBlock } from '../../src/up/address-block.ts';
import { describeWithEnvoy } from '../envoy/support/suite.ts';
import { takeTestBlock } from '../envoy/support/test-blocks.ts';
import { type HttpFaultProxy, startHttpFaultProxy } from '../support/http-fault-proxy.ts';
import { until } from '../support/until.ts';
import { consulCatalogAt } from './support/catalog.ts';
import { type ConsulMesh, startConsulMesh } from './support/consul-mesh.ts';
import * as faults from './support/faults.ts';
import { type Quorum, startQuorum, type Token } from './support/quorum.ts';
import { describeWithConsul } from './support/suite.ts';
import { takeAllConnections } from './support/taken-connections.ts';

/** How many connections of one client a server takes. */
const mostConnections = 30;

describeWithConsul('a mesh of instances in a Consul', (program) => {
  describeWithEnvoy('with a real Envoy', () => {
    const folder = mkdtempSync(join(tmpdir(), 'fairway-consul-outage-'));
    const tokenFile = join(folder, 'token');
    let block: AddressBlock;
    let quorum: Quorum;
    /** Between the control plane and the first server. */
    let proxy: HttpFaultProxy;
    let mesh: ConsulMesh;
    let token: Token;
    before(async () => {
      block = await takeTestBlock();
      quorum = await startQuorum(program, block, mostConnections);
      token = await quorum.makeToken();
      writeFileSync(tokenFile, token.SecretID);
      proxy = await startHttpFaultProxy(quorum.servers[0].url);
      mesh = await startConsulMesh(block, await consulCatalogAt(proxy.url, { 'token-file': tokenFile }));
      await mesh.startInstance(quorum.agent, 'web');
      await mesh.startInstance(quorum.agent, 'stock');
      await mesh.untilReaches('web', 'web-1');
      await mesh.untilReaches('stock', 'stock-2');
      await mesh.untilLive();
    });
    after(async () => {
      await mesh?.close();
      await proxy?.close();
      await quorum?.close();
      block?.release();
      rmSync(folder, { recursive: true });
    });

    /** Calls both services all the time, and has one more instance of one of them until the test ends. */
    const begin = async (context: TestContext) => {
      mesh.keepCalling(context, 'web');
      mesh.keepCalling(context, 'stock');
      const goes = await mesh.startInstance(quorum.agent, 'web');
      await mesh.untilReaches('web', 'web-1', goes);
      return goes;
    };
    /** Changes something that the control plane cannot see, and sees that it makes up for it once `heal` is done. */
    const makesUpFor = async (goes: string, heal: () => Promise<unknown>) => {
      await quorum.agent.deregister(goes);
      const comes = await mesh.startInstance(quorum.agent, 'web');
      await mesh.untilReaches('web', 'web-1', goes);
      await heal();
      await mesh.untilLive();
      await mesh.untilReaches('web', 'web-1', comes);
      await quorum.agent.deregister(comes);
      await mesh.untilReaches('web', 'web-1');
    };

    test('goes on while the agent that is asked is killed and comes back', async (context) => {
      const goes = await begin(context);
      await quorum.servers[0].stop('SIGKILL');
      await mesh.untilStale(/cannot reach/);
      await makesUpFor(goes, () => quorum.servers[0].start());
    });

    test('goes on while nobody listens', async (context) => {
      const goes = await begin(context);
      await proxy.refuse();
      await mesh.untilStale(/ECONNREFUSED/);
      await makesUpFor(goes, () => proxy.heal());
    });

    test('goes on while there is no leader', async (context) => {
      const goes = await begin(context);
      const [, ...others] = quorum.servers;
      await Promise.all(others.map((server) => server.stop('SIGKILL')));
      await mesh.untilStale(/No cluster leader/);
      await mesh.untilReaches('web', 'web-1', goes);
      await Promise.all(others.map((server) => server.start()));
      await quorum.untilLed();
      await mesh.untilLive();
      await quorum.agent.deregister(goes);
      await mesh.untilReaches('web', 'web-1');
    });

    test('goes on while its token is revoked, and takes the next one from the file', async (context) => {
      const goes = await begin(context);
      const revoke = () => quorum.agent.request('DELETE', `/v1/acl/token/${token.AccessorID}`);
      // A new leader manages no tokens until it has found that all servers can.
      const isRevoked = () =>
        revoke().then(
          () => true,
          () => false,
        );
      await until(isRevoked, { what: 'a leader that revokes tokens', mostMs: 30_000 });
      // A query that waits already still answers.
      proxy.breakOpen();
      await mesh.untilStale(/ACL not found/);
      await makesUpFor(goes, async () => {
        token = await quorum.makeToken();
        writeFileSync(tokenFile, token.SecretID);
      });
    });

    test('goes on while the agent takes no more connections of it', async (context) => {
      const goes = await begin(context);
      await proxy.refuse();
      // Queries that nobody waits for any more hold their connections until there is news.
      for (const service of ['web', 'stock'])
        await quorum.agent.deregister(await mesh.startInstance(quorum.agent, service));
      const others = await takeAllConnections(quorum.servers[0].url, mostConnections);
      context.after(() => others.release());
      await proxy.heal();
      await mesh.untilStale(/hang up|ECONNRESET|too many concurrent connections/);
      await makesUpFor(goes, async () => others.release());
    });

    for (const [what, fault, reason] of [
      ['pages of a load balancer', { answer: faults.html(200) }, /expected JSON .* found "<html>/],
      ['its errors', { answer: faults.html(502) }, /502/],
      ['answers that break off', { answer: faults.halfCloses }, /broke off/],
      ['resets', { answer: faults.resets }, /ECONNRESET/],
      [
        'words of a rate limit',
        { answer: faults.says(429, 'rate limit exceeded, try again later') },
        /rate limit exceeded/,
      ],
    ] as const)
      test(`goes on while ${what} come in place of answers`, async (context) => {
        const goes = await begin(context);
        proxy.inject(fault);
        proxy.breakOpen();
        await mesh.untilStale(reason);
        assert.ok(proxy.met > 0);
        await makesUpFor(goes, () => proxy.heal());
      });

    test('follows every change while indices go back', async (context) => {
      mesh.keepCalling(context, 'stock');
      mesh.keepCalling(context, 'web');
      const end = proxy.inject({ bend: faults.withIndex((index) => Math.max(1, index - (proxy.met % 7) * 3)) });
      for (let i = 0; i < 5; i += 1) {
        const name = await mesh.startInstance(quorum.agent, 'web');
        await mesh.untilReaches('web', 'web-1', name);
        await quorum.agent.deregister(name);
        await mesh.untilReaches('web', 'web-1');
      }
      end();
    });
  });
});
