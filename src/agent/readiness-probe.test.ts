import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { ProxyConfigError, parseProxyConfig } from './proxy-config.ts';
import { askReadiness, nextReadiness, notProbed, periodMs, type ReadinessProbe } from './readiness-probe.ts';

describe('the state of an application', () => {
  /** One letter for each probe: `p` has passed, `f` has failed. */
  function check(name: string, probe: ReadinessProbe, outcomes: string, expected: readonly string[]): void {
    it(name, () => {
      let readiness = notProbed;
      const states = [...outcomes].map((letter) => {
        readiness = nextReadiness(readiness, letter === 'p' ? 'passed' : 'failed', probe);
        return readiness.state;
      });
      assert.deepEqual(states, expected);
    });
  }
  check('is good when one probe passes', {}, 'p', ['ready']);
  check('is bad when three in a row fail', {}, 'fff', ['unknown', 'unknown', 'not ready']);
  check('stays when fewer in a row fail', {}, 'pffpff', ['ready', 'ready', 'ready', 'ready', 'ready', 'ready']);
  check('changes when as many as it says pass', { successThreshold: 2, failureThreshold: 1 }, 'fppfpp', [
    'not ready',
    'not ready',
    'ready',
    'not ready',
    'not ready',
    'ready',
  ]);
  check('takes 0 for not stated', { successThreshold: 0, failureThreshold: 0 }, 'pfff', [
    'ready',
    'ready',
    'ready',
    'not ready',
  ]);
});

describe('a readinessProbe', () => {
  const server = createServer(({ url, headers }, response) => {
    response.statusCode = url === '/moved' ? 302 : url === '/ok' && headers.host === 'app.example' ? 200 : 503;
    response.end('busy\n');
  });
  let port = 0;
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  });
  after(() => server.close());

  function check(name: string, probe: () => ReadinessProbe, expected: string | undefined): void {
    it(name, async () => assert.equal(await askReadiness(probe(), { host: '127.0.0.1' }), expected));
  }
  const host = [{ name: 'Host', value: 'app.example' }];
  check('by HTTP passes', () => ({ httpGet: { path: '/ok', port, httpHeaders: host } }), undefined);
  check('by HTTP passes with a redirect', () => ({ httpGet: { path: '/moved', port } }), undefined);
  check('by HTTP fails', () => ({ httpGet: { path: '/', port } }), 'expected the probe to pass, found 503: busy');
  check('by TCP passes', () => ({ tcpSocket: { port } }), undefined);
  check('by TCP may ask elsewhere', () => ({ tcpSocket: { port, host: '127.0.0.1' } }), undefined);
  check('by a command passes', () => ({ exec: { command: ['true'] } }), undefined);
  const talk = 'head -c 1000000 /dev/zero | tr "\\0" x';
  check('by a command passes whatever it says', () => ({ exec: { command: ['sh', '-c', talk] } }), undefined);
  check(
    'by a command fails with the start of what it says',
    () => ({ exec: { command: ['sh', '-c', `${talk}; exit 3`] } }),
    `expected sh to succeed, found 3: ${'x'.repeat(1024)}`,
  );
  check(
    'by a command fails with what it says',
    () => ({ exec: { command: ['sh', '-c', 'echo no disk >&2; exit 3'] } }),
    'expected sh to succeed, found 3: no disk',
  );
  check(
    'by a command fails when there is none such',
    () => ({ exec: { command: ['/no/such/program'] } }),
    'expected /no/such/program to succeed, found ENOENT: ',
  );
  check(
    'by a command fails when that takes too long',
    () => ({ exec: { command: ['sleep', '60'] }, timeoutSeconds: 1 }),
    'expected sleep to end within 1000 ms',
  );

  it('is asked as often as it says, and every ten seconds when it does not', () =>
    assert.deepEqual(
      [periodMs({ periodSeconds: 3 }), periodMs({}), periodMs({ periodSeconds: 0 })],
      [3000, 10_000, 10_000],
    ));

  it('is read where a ProxyConfig has it', () =>
    assert.deepEqual(
      parseProxyConfig('readinessProbe: {tcpSocket: {port: 80}, periodSeconds: 5}', 'x').readinessProbe,
      {
        tcpSocket: { port: 80 },
        periodSeconds: 5,
      },
    ));

  it('is refused where it asks in two ways', () =>
    assert.throws(
      () => parseProxyConfig('readinessProbe: {tcpSocket: {port: 80}, grpc: {port: 81}}', 'PROXY_CONFIG'),
      ProxyConfigError,
    ));
});
