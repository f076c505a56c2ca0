import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configurationOfYaml, filters } from '../../test/support/envoy-configuration.ts';
import type { Call } from './call.ts';
import { evaluate } from './evaluate.ts';

describe('a connection', () => {
  const gateway = configurationOfYaml(`
kind: Listener
name: gateway
address: { socketAddress: { address: 0.0.0.0, portValue: 443 } }
listenerFilters:
- { name: tls, typedConfig: { '@type': ${filters}.listener.tls_inspector.v3.TlsInspector } }
filterChains:
- filterChainMatch: { serverNames: ['*.mesh'] }
  filters:
  - { name: sni, typedConfig: { '@type': $sni } }
  - { name: tcp, typedConfig: { '@type': $tcp, statPrefix: x, cluster: BlackHole } }
- filterChainMatch: { serverNames: [weighted] }
  filters:
  - name: tcp
    typedConfig: { '@type': $tcp, statPrefix: x, weightedClusters: { clusters: [{ name: a, weight: 1 }, { name: b, weight: 3 }] } }
- filterChainMatch: { serverNames: [echo] }
  filters: [{ name: echo, typedConfig: { '@type': ${filters}.network.echo.v3.Echo } }]
- filterChainMatch: { serverNames: [empty] }
- filterChainMatch: { serverNames: [scoped] }
  filters: [{ name: http, typedConfig: { '@type': $hcm, statPrefix: x, scopedRoutes: { name: x } } }]
`);

  function check(name: string, sni: string, expected: unknown): void {
    it(name, () => {
      const call: Call = {
        destination: { ip: '10.0.0.1', port: 443 },
        tls: { sni, alpn: [] },
        payload: { kind: 'bytes' },
      };
      assert.deepEqual(evaluate(gateway, call).result, expected);
    });
  }
  const missing = { kind: 'missing' };
  check('goes to the cluster of the proxy, or to several by weight', 'weighted', {
    kind: 'forwarded',
    shares: [
      { cluster: 'a', percent: 25, upstream: missing },
      { cluster: 'b', percent: 75, upstream: missing },
    ],
  });
  check('goes to the cluster that its server name is', 'a.mesh', {
    kind: 'forwarded',
    shares: [{ cluster: 'a.mesh', percent: 100, upstream: missing }],
  });
  check('is not followed into filters that are not evaluated', 'echo', {
    kind: 'undecided',
    because: 'the filter envoy.extensions.filters.network.echo.v3.Echo is not evaluated',
  });
  check('ends where no filter serves it', 'empty', {
    kind: 'refused',
    error: 'protocol error',
    because: 'the chain has no filter that serves the connection',
  });
  check('ends where no chain fits', 'other', {
    kind: 'refused',
    error: 'no filter chains matched',
    because: 'no filter chain fits',
  });
  check('cannot be read as HTTP within TLS', 'scoped', {
    kind: 'refused',
    error: 'protocol error',
    because: 'the bytes are TLS, not HTTP',
  });
});
