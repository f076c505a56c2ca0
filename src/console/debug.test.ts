import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PermissionError, syncType } from '../xds/debug-stream.ts';
import type { ConsoleData } from './data.ts';
import { debugAnswer } from './debug.ts';

/** Nobody is connected. */
const data = { connections: () => [] } as Pick<ConsoleData, 'connections'> as ConsoleData;

function ask(peer: string, http: string, xds: string, connection?: string): Promise<unknown> {
  const answer = debugAnswer(data, { http: { host: http, port: 15014 }, xds: { host: xds, port: 15010 } });
  return answer({ type: syncType, names: [], peer, connection });
}

describe('who asks over xDS and could read the pages is answered', () => {
  function check(name: string, peer: string, http: string, xds: string): void {
    it(name, async () => assert.deepEqual(await ask(peer, http, xds), []));
  }
  check('from this machine', '127.0.0.1:40000', '127.0.0.1', '0.0.0.0');
  check('from another address of this machine', '127.8.0.1:40000', '127.0.0.1', '0.0.0.0');
  check('from this machine over IPv6', '::1:40000', '127.0.0.1', '::');
  check('from this machine over IPv4, when IPv6 is served too', '::ffff:127.0.0.1:40000', '127.0.0.1', '::');
  check('from anywhere, when pages are served on every address', '10.0.0.7:40000', '0.0.0.0', '10.0.0.1');
  check('from anywhere, when pages are served on every address over IPv6', '::ffff:10.0.0.7:40000', '::', '::');
  check('from anywhere that reaches an address where both are served', '10.0.0.7:40000', '10.0.0.1', '10.0.0.1');
});

describe('who asks over xDS and could not read the pages is refused', () => {
  function check(name: string, peer: string, http: string, xds: string): void {
    it(name, () => assert.rejects(ask(peer, http, xds), PermissionError));
  }
  check('from elsewhere, when pages are for this machine', '10.0.0.7:40000', '127.0.0.1', '0.0.0.0');
  check('from elsewhere over IPv6', 'fd00::7:40000', '::1', '::');
  check('from elsewhere, when pages have an address of their own', '10.0.0.7:40000', '192.168.0.1', '0.0.0.0');
  check('from an address that only looks like this machine', '127.0.0.1.example:40000', '127.0.0.1', '0.0.0.0');
  check('from nowhere that is known', '', '127.0.0.1', '0.0.0.0');
});

it('a proxy may ask of itself from anywhere', async () => {
  assert.deepEqual(await ask('10.0.0.7:40000', '127.0.0.1', '0.0.0.0', 'web.shop-1'), []);
});
