import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { issue } from '../../test/support/certificates.ts';
import { type GatewayProxyText, gateway, gatewayProxy, virtualService } from '../../test/support/gateway-proxy.ts';
import { changesIn } from '../../test/support/objects.ts';
import { pairOf, secretOf } from '../../test/support/secret-object.ts';

const https = (name: string, hosts: string, tls = `{ mode: SIMPLE, credentialName: ${name} }`) =>
  `- port: { number: 443, name: ${name}, protocol: HTTPS }
  hosts: ${hosts}
  tls: ${tls}
`;

const { certificate, key } = issue({ name: 'a.test' });
const pair = pairOf({ certificate, key });

describe('a gateway says what it does not serve', () => {
  function check(
    name: string,
    objects: readonly string[],
    problems: readonly string[],
    proxy?: GatewayProxyText,
  ): void {
    it(name, () => assert.deepEqual(gatewayProxy(objects, proxy).problems, problems));
  }

  check('and nothing when all is well', [gateway('edge/a', https('one', '[a.test]')), secretOf('one', pair)], []);
  check(
    'when a secret is missing, with the line of its server',
    [gateway('edge/a', https('one', '[a.test]') + https('two', '[b.test, c.test]')), secretOf('one', pair)],
    [
      'test.yaml:12: Gateway edge/a: spec.servers[1].tls.credentialName: expected a certificate in the Secret edge/two, found none that can be served: handshakes for b.test, c.test are refused until there is one [FW0406]',
    ],
  );
  check(
    'when authorities for clients are missing',
    [gateway('edge/a', https('one', '[a.test]', '{ mode: MUTUAL, credentialName: one }')), secretOf('one', pair)],
    [
      'test.yaml:9: Gateway edge/a: spec.servers[0].tls.credentialName: expected authorities for clients in the Secret edge/one-cacert, found none that can be served: handshakes for a.test are refused until there is one [FW0406]',
    ],
  );
  check(
    'and nothing of certificates in files, which only the proxy sees',
    [gateway('edge/a', https('one', '[a.test]', '{ mode: SIMPLE, serverCertificate: /c, privateKey: /k }'))],
    [],
  );
  check(
    'when an older Gateway has the port or the host',
    [
      gateway('edge/old', https('one', '[a.test]'), { createdAt: '2024-01-01' }),
      gateway('edge/new', https('one', '[a.test]'), { createdAt: '2024-02-01' }),
      secretOf('one', pair),
    ],
    [
      'test.yaml:24: Gateway edge/new: spec.servers[0]: expected hosts that no older server of port 443 has, found a.test again [FW0405]',
    ],
  );
  check(
    'when a server takes the TLS of the mesh, for which nobody has certificates yet',
    [gateway('edge/a', https('one', '[a.test]', '{ mode: ISTIO_MUTUAL }'))],
    [
      'test.yaml:9: Gateway edge/a: spec.servers[0].tls.mode: ISTIO_MUTUAL comes with mutual TLS, for which this version issues no certificates: handshakes are refused unless an agent at the proxy has one [FW0009]',
    ],
  );
  check(
    'when it may not bind a port',
    [gateway('edge/a', '- { port: { number: 80, name: http, protocol: HTTP }, hosts: [a.test] }')],
    [
      'test.yaml:9: Gateway edge/a: spec.servers[0].port.number: expected a port from 1024 for a proxy that may not bind lower ones, found 80: a Service in front of it may translate it by its targetPort [FW0405]',
    ],
    { metadata: { UNPRIVILEGED_POD: 'true' } },
  );
  check(
    'when a rule names a server name that is taken',
    [
      gateway('edge/a', https('pass', "['*.test']", '{ mode: PASSTHROUGH }')),
      ...['one', 'two'].map((name) =>
        virtualService(
          `shop/${name}`,
          `hosts: [a.test]
gateways: [edge/a]
tls:
- match:
  - sniHosts: [a.test]
  route:
  - destination: { host: ${name} }`,
        ),
      ),
    ],
    [
      'test.yaml:39: VirtualService shop/two: spec.tls[0].match[0]: expected server names that nothing else has on port 443 of Gateway edge/a, found a.test again [FW0405]',
    ],
  );
});

describe('the diagnostics have what a connected gateway does not serve', () => {
  const missing = [gateway('edge/a', https('one', '[a.test]'))];
  const codes = ({ plane }: ReturnType<typeof gatewayProxy>) => plane.diagnostics.all().map(({ code }) => code);

  it('until it is served', () => {
    const proxy = gatewayProxy(missing);
    const before = codes(proxy);
    proxy.plane.apply(changesIn(secretOf('one', pair)));
    proxy.plane.commit();
    assert.deepEqual([before, codes(proxy)], [['FW0406'], []]);
  });
  it('until it has gone', () => {
    const proxy = gatewayProxy(missing);
    const before = codes(proxy);
    proxy.leave();
    assert.deepEqual([before, codes(proxy)], [['FW0406'], []]);
  });
});
