import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anywhere, type Client, captureOf, clientOf, patchingOf, scopeOf, servingOf, unpatched } from './scope.ts';

const sidecar: Omit<Client, 'key'> = {
  type: 'sidecar',
  namespace: 'shop',
  domain: 'shop.svc.cluster.local',
  sidecar: 'shop/default',
  labels: {},
  locality: 'eu/eu-1',
  network: 'n1',
  cluster: 'c1',
  nodeName: 'node-1',
  family: 'v4',
  isIntercepting: true,
  capturesDns: false,
};

const capture = captureOf({
  interception: 'REDIRECT',
  httpProxyPort: 0,
  reservedPorts: [15021],
  isUnprivileged: false,
  loopback: '127.0.0.1',
  sharesMachine: false,
  speaksHttp10: false,
  unclaimed: { cluster: 'PassthroughCluster', requests: 'forward' },
});

const serving = servingOf({
  namespace: 'shop',
  targets: [],
  gateways: [],
  sidecar: '',
  families: ['v4'],
  addresses: [],
  application: '127.0.0.1',
  hiddenListeners: [],
  gateway: {},
});

describe('a client', () => {
  it('has a key of all its parts', () => {
    assert.equal(
      clientOf({ ...sidecar, labels: { version: 'v1', app: 'a' } }).key,
      'sidecar|shop|shop.svc.cluster.local|shop/default|{"app":"a","version":"v1"}|eu/eu-1|n1|c1|node-1|v4|true|false',
    );
  });

  it('without labels has nothing in their place', () => {
    assert.equal(
      clientOf(sidecar).key,
      'sidecar|shop|shop.svc.cluster.local|shop/default||eu/eu-1|n1|c1|node-1|v4|true|false',
    );
  });

  it('differs from another in any one of its parts', () => {
    const others: readonly Partial<Client>[] = [
      {},
      { type: 'router' },
      { namespace: 'bank' },
      { domain: '' },
      { sidecar: '' },
      { labels: { a: 'b' } },
      { locality: '' },
      { network: '' },
      { cluster: '' },
      { nodeName: '' },
      { networkView: ['n1'] },
      { networkView: ['n1', 'n2'] },
      { family: 'dual' },
      { isIntercepting: false },
      { capturesDns: true },
    ];
    assert.equal(new Set(others.map((part) => clientOf({ ...sidecar, ...part }).key)).size, others.length);
  });

  it('that is anywhere keeps all but its place', () => {
    const expected = clientOf({ ...sidecar, locality: '', network: '', nodeName: '' });
    assert.deepEqual(anywhere(clientOf(sidecar)), expected);
    assert.equal(anywhere(expected), expected);
  });
});

describe('a scope has a key', () => {
  const client = clientOf(sidecar);
  const key = `${client.key}\n${capture.key}\n${serving.key}`;

  it('of its first three parts when no patch is in force', () => {
    assert.deepEqual(scopeOf(client, capture, serving), { key, client, capture, serving, patching: unpatched });
  });

  it('that names the patches in force', () => {
    const patching = patchingOf({ ...unpatched, clusters: 'shop/a#0' });
    assert.deepEqual(scopeOf(client, capture, serving, patching), {
      key: `${key}\n${patching.key}`,
      client,
      capture,
      serving,
      patching,
    });
  });
});

it('equal ways of capture and serving have equal keys, whatever the order of their fields', () => {
  const { key, ...part } = capture;
  const reversed = Object.fromEntries(Object.entries(part).reverse()) as typeof part;
  assert.equal(captureOf(reversed).key, key);
  assert.notEqual(captureOf({ ...part, httpProxyPort: 15001 }).key, key);
  const { key: servingKey, ...served } = serving;
  assert.equal(servingOf(served).key, servingKey);
  assert.notEqual(servingOf({ ...served, gateways: ['shop/gateway'] }).key, servingKey);
});
