import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { overlaid, parseProxyConfig } from './proxy-config.ts';

describe('a ProxyConfig', () => {
  it('is read from YAML and from JSON, with fields that only the control plane knows', () => {
    const stated = { concurrency: 2, drainDuration: '5s', gatewayTopology: { numTrustedProxies: 1 } };
    const expected = { concurrency: 2, drainDuration: 5000, stated };
    const yaml = 'concurrency: 2\ndrainDuration: 5s\ngatewayTopology: {numTrustedProxies: 1}';
    assert.deepEqual(parseProxyConfig(yaml, 'x'), expected);
    assert.deepEqual(parseProxyConfig(JSON.stringify(stated), 'x'), expected);
    assert.deepEqual(parseProxyConfig('', 'x'), { stated: {} });
  });

  it('may be the default one of a MeshConfig, as istioctl writes it for a machine', () => {
    const stated = { discoveryAddress: 'istiod.example:15010', readinessProbe: { tcpSocket: { port: 80 } } };
    assert.deepEqual(parseProxyConfig(JSON.stringify({ defaultConfig: stated }), 'x'), { ...stated, stated });
    assert.throws(() => parseProxyConfig('defaultConfig: {concurrency: many}', 'mesh.yaml'), {
      message: 'mesh.yaml: defaultConfig: concurrency: expected a whole number from 0 to 1024, found "many"',
    });
  });

  it('that cannot be used says where', () => {
    assert.throws(() => parseProxyConfig('concurrency: many', 'proxy.istio.io/config'), {
      message: 'proxy.istio.io/config: concurrency: expected a whole number from 0 to 1024, found "many"',
    });
    assert.throws(() => parseProxyConfig('{', 'PROXY_CONFIG'), /^ProxyConfigError: PROXY_CONFIG: /);
  });

  it('lies over another field by field, and over its proxyMetadata entry by entry', () => {
    assert.deepEqual(
      overlaid(
        { concurrency: 1, statusPort: 15020, proxyMetadata: { A: '1', B: '1' } },
        { concurrency: 2, proxyMetadata: { B: '2' }, stated: { concurrency: 2, proxyMetadata: { B: '2' } } },
      ),
      {
        concurrency: 2,
        statusPort: 15020,
        proxyMetadata: { A: '1', B: '2' },
        stated: { concurrency: 2, proxyMetadata: { A: '1', B: '2' } },
      },
    );
  });
});
