/** The apiserver goes and comes, and knows others by other tokens. */
import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { readKubeconfig } from '../../../src/kubernetes/kubeconfig.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { three, untilLive, untilStale, type World } from '../support/fault-world.ts';
import * as faults from '../support/faults.ts';
import { startMirror } from '../support/mirror.ts';

export function restartFaults(world: () => World): void {
  describe('an apiserver', () => {
    afterEach(() => world().proxy.heal());

    for (const signal of ['SIGTERM', 'SIGKILL'] as const)
      test(`that is away after ${signal} takes nothing along`, async () => {
        const { cluster, mirror } = world();
        const { act, assertSeen, assertUnseen, comes, goes } = await three(world(), mirror);
        await cluster.stopApiserver(signal);
        await untilStale(mirror, /cannot reach|broke off/);
        assert.deepEqual(mirror.takeRemoved(), []);
        await cluster.startApiserver();
        assertUnseen();
        await act();
        await assertSeen();
        await untilLive(mirror);
        assert.notEqual(comes, goes);
      });

    test('that knows a new token only is asked with what the file says by then', async (context) => {
      const { cluster } = world();
      const folder = tempFolder(context);
      const proxy = await startFaultProxy(cluster);
      folder.write('token', 'first');
      const user = { tokenFile: folder.at('token') };
      const config = {
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'it',
        clusters: [{ name: 'it', cluster: { server: proxy.url.href } }],
        users: [{ name: 'it', user }],
        contexts: [{ name: 'it', context: { cluster: 'it', user: 'it' } }],
      };
      folder.write('kubeconfig', JSON.stringify(config));
      /** Lets nobody in but who has this token. */
      const knowOnly = (known: string) => {
        proxy.heal();
        proxy.inject({ on: ({ token }) => token === known, token: cluster.adminToken });
        proxy.inject({ on: ({ token }) => token !== known, answer: faults.fails(401, 'Unauthorized') });
      };
      knowOnly('first');
      const { credentials } = readKubeconfig(folder.at('kubeconfig'));
      const mirror = await startMirror({ cluster, server: proxy.url, credentials });
      try {
        const { act, assertSeen, assertUnseen } = await three(world(), mirror);
        knowOnly('second');
        proxy.breakWatches();
        await untilStale(mirror, /Unauthorized/);
        await act();
        assertUnseen();
        folder.replace('token', 'second\n');
        await assertSeen();
        await untilLive(mirror);
      } finally {
        await mirror.close();
        await proxy.close();
      }
    });
  });
}
