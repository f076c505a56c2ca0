import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Registration } from './schema.ts';
import { nameInCatalog, parseNameInCatalog, toCatalogService } from './service.ts';

const registration: Registration = {
  ID: '_nomad-task-1a-group-g-web-http',
  ServiceName: 'web',
  Namespace: 'shop',
  AllocID: '1a',
  NodeID: 'n1',
  Datacenter: 'dc1',
  Address: '10.0.0.1',
  Port: 25_001,
  Tags: ['v1', 'team=a', 'istio-protocol=http'],
};
const names = { region: 'global', aliases: ['{name}.{namespace}.svc.cluster.local'] };

describe('a service of Nomad', () => {
  it('has a name of its own, aliases, one port, and an instance for each registration', () => {
    const second = { ...registration, ID: '_nomad-task-2b-group-g-web-http', Port: 25_002 };
    const service = toCatalogService(
      { namespace: 'shop', name: 'web' },
      [
        { registration, sign: { health: 'healthy' } },
        { registration: second, sign: { health: 'unhealthy', zombie: 'it is' } },
      ],
      names,
    );
    const instance = {
      address: '10.0.0.1',
      labels: { version: 'v1', team: 'a' },
      locality: { region: 'global', zone: 'dc1', subzone: '' },
      nodeName: 'n1',
    };
    assert.deepEqual(service, {
      hostnames: ['web.shop.nomad', 'web.shop.svc.cluster.local'],
      namespace: 'shop',
      ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
      instances: [
        { ...instance, id: registration.ID, ports: { http: 25_001 }, health: 'healthy' },
        { ...instance, id: second.ID, ports: { http: 25_002 }, health: 'unhealthy' },
      ],
    });
  });

  it('is called at the port that tags ask for', () => {
    const Tags = ['istio-port=9000', 'protocol=grpc'];
    const registered = [{ registration: { ...registration, Tags }, sign: { health: 'healthy' } as const }];
    const { ports } = toCatalogService({ namespace: 'shop', name: 'web' }, registered, names);
    assert.deepEqual(ports, [{ number: 9000, name: 'grpc', protocol: 'GRPC' }]);
  });

  it('keeps what has no address or no port, so that whoever checks can say so', () => {
    const { Address: _, Port: __, ...bare } = registration;
    const registered = [{ registration: bare, sign: { health: 'healthy' } as const }];
    const { instances } = toCatalogService({ namespace: 'shop', name: 'web' }, registered, names);
    assert.deepEqual(
      instances.map(({ address, ports }) => ({ address, ports })),
      [{ address: '', ports: { http: 0 } }],
    );
  });

  it('has a name that tells the namespace', () => {
    const name = { namespace: 'team-a', name: 'web' };
    assert.equal(nameInCatalog(name), 'web.team-a');
    assert.deepEqual(parseNameInCatalog('web.team-a'), name);
  });
});
