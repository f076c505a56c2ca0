import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Proxy } from '../model/proxy.ts';
import { toProxy } from './node.ts';
import type { NodeMessage } from './request.ts';

const id = 'sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local';
const nowhere = { region: '', zone: '', subzone: '' };
const bare: NodeMessage = { id, cluster: '', metadata: {}, locality: nowhere, userAgent: '' };

/** What a node says that states nothing but its id. */
const plain = toProxy(bare, 7);

/** In which fields a node differs from one that states nothing but its id; what rules may match of it aside. */
function check(name: string, node: Partial<NodeMessage>, expected: Partial<Proxy>): void {
  it(name, () => assert.deepEqual({ ...toProxy({ ...bare, ...node }, 7), metadata: {} }, { ...plain, ...expected }));
}

it('an id alone says type, address, name, namespace and domain', () => {
  const { connection, nodeId, type, name, namespace, domain, addresses, cluster, interception } = plain;
  assert.deepEqual(
    { connection, nodeId, type, name, namespace, domain, addresses, cluster, interception },
    {
      connection: 'web-1.shop-7',
      nodeId: id,
      type: 'sidecar',
      name: 'web-1.shop',
      namespace: 'shop',
      domain: 'shop.svc.cluster.local',
      addresses: ['10.0.0.1'],
      cluster: 'Kubernetes',
      interception: 'REDIRECT',
    },
  );
});

it('rules may match the texts of the metadata', () => {
  const metadata = { A: 'text', B: 1, C: { D: 'text' }, E: '' };
  assert.deepEqual(toProxy({ ...bare, metadata }, 7).metadata, { A: 'text', E: '' });
});

describe('the namespace', () => {
  const named = (name: string, domain: string) => {
    const nodeId = `sidecar~10.0.0.1~${name}~${domain}`;
    return { nodeId, connection: `${name}-7`, name, domain };
  };
  const ids = [named('web.v1.bank', 'shop.svc'), named('web', 'bank.svc'), named('web', '')] as const;
  check('is what the metadata says', { metadata: { NAMESPACE: 'bank' } }, { namespace: 'bank' });
  check('else stands behind the last dot of the name', { id: ids[0].nodeId }, { ...ids[0], namespace: 'bank' });
  check('else starts the domain', { id: ids[1].nodeId }, { ...ids[1], namespace: 'bank' });
  check('else is the default one', { id: ids[2].nodeId }, { ...ids[2], namespace: 'default' });
});

describe('metadata', () => {
  const metadata = (fields: NodeMessage['metadata']) => ({ metadata: fields });
  check('lists all addresses', metadata({ INSTANCE_IPS: '10.0.0.1, fd00::1,' }), {
    addresses: ['10.0.0.1', 'fd00::1'],
  });
  check('holds labels', metadata({ LABELS: { app: 'web', odd: 1 } }), { labels: { app: 'web' } });
  check(
    'holds the ports of the pod that have names',
    metadata({
      POD_PORTS: '[{"name":"web","containerPort":80},{"containerPort":81},{"name":"odd","containerPort":"x"}]',
    }),
    { podPorts: { web: 80 } },
  );
  check('holds no ports that cannot be read', metadata({ POD_PORTS: '{"name":' }), {});
  check('without proper labels means none', metadata({ LABELS: 'app=web' }), { labels: {} });
  check('names the way in', metadata({ INTERCEPTION_MODE: 'NONE' }), { interception: 'NONE' });
  check('with an unknown way in means the usual one', metadata({ INTERCEPTION_MODE: 'MAGIC' }), {});
  check('takes numbers as numbers', metadata({ HTTP_PROXY_PORT: 15002 }), { httpProxyPort: 15002 });
  check('takes numbers as texts', metadata({ HTTP_PROXY_PORT: '15002' }), { httpProxyPort: 15002 });
  check('with a number that is none says nothing', metadata({ HTTP_PROXY_PORT: 'many' }), {});
  check('with a port that is none says nothing', metadata({ HTTP_PROXY_PORT: 70000, ENVOY_STATUS_PORT: -1.5 }), {});
  check('reserves the ports of the agent', metadata({ ENVOY_STATUS_PORT: 15021, ENVOY_PROMETHEUS_PORT: '15090' }), {
    reservedPorts: [15021, 15090],
  });
  check(
    'says what it can do, in any of the forms in use',
    metadata({ HTTP10: '1', DNS_CAPTURE: true, UNPRIVILEGED_POD: 'TRUE' }),
    {
      speaksHttp10: true,
      capturesDns: true,
      isUnprivileged: true,
    },
  );
  check(
    'says where it is and who it is',
    metadata({
      NETWORK: 'n1',
      CLUSTER_ID: 'c1',
      NODE_NAME: 'm1',
      SERVICE_ACCOUNT: 'web',
      MESH_ID: 'mesh',
      ISTIO_VERSION: '1.30.0',
    }),
    { network: 'n1', cluster: 'c1', nodeName: 'm1', serviceAccount: 'web', meshId: 'mesh', version: '1.30.0' },
  );
  check('knows the version of its Envoy', { ...bare, userAgentVersion: '1.40.0' }, { envoyVersion: '1.40.0' });
  check(
    'holds what a gateway believes of those in front of it',
    metadata({
      PROXY_CONFIG: {
        gatewayTopology: { numTrustedProxies: 2, forwardClientCertDetails: 'SANITIZE', proxyProtocol: {} },
      },
    }),
    {
      gateway: { trustedHops: 2, forwardClientCertificate: 'SANITIZE', acceptsProxyProtocol: true },
    },
  );
  check(
    'may believe nothing, other than one that leaves it to the mesh',
    metadata({ PROXY_CONFIG: { gatewayTopology: { numTrustedProxies: -1, forwardClientCertDetails: 'ALL' } } }),
    { gateway: {} },
  );
  check(
    'may hold nonsense without harm',
    metadata({ PROXY_CONFIG: ['x'], LABELS: null, NETWORK: {}, INSTANCE_IPS: 5 }),
    {},
  );
});

check(
  'the locality is the node message’s',
  { locality: { region: 'r', zone: 'z', subzone: 's' } },
  {
    locality: { region: 'r', zone: 'z', subzone: 's' },
  },
);

describe('refused is a node whose id', () => {
  const refuse = (name: string, nodeId: string, message: RegExp) =>
    it(name, () => assert.throws(() => toProxy({ ...bare, id: nodeId }, 1), { name: 'NodeError', message }));
  refuse('is empty', '', /expected a node id of the form type~ip~name.namespace~domain, found ""/);
  refuse('has too few parts', 'sidecar~10.0.0.1~web.shop', /form type~ip/);
  refuse('has too many parts', `${id}~more`, /form type~ip/);
  refuse('is of another type', 'waypoint~10.0.0.1~w.shop~x', /starts with sidecar or router, found "waypoint"/);
});
