/** Services of catalogs, of the hosts that clusters and ServiceEntries state as well. */
import fc from 'fast-check';
import type { CatalogInstance, CatalogService } from '../../src/model/catalog.ts';
import { parseLocality } from '../../src/model/locality.ts';
import type { ServicePort } from '../../src/model/service.ts';
import type { CatalogDraft } from '../support/plane.ts';
import { address, clusterHost, locality, namespace, node, rarely, version, written } from './universe.ts';

/** One sorts before clusters, the others between these and what is stated. */
const catalog = fc.constantFrom('adapter', 'consul/dc1', 'nomad/global');
/** Names of one catalog share hosts; one cannot stand in a key as it is. */
const name = fc.constantFrom('x', 'x-v2', 'y/1');
const hostname = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(clusterHost('x', 'a'), clusterHost('y', 'a'), clusterHost('x', 'b')) },
  { weight: 2, arbitrary: fc.constantFrom('ext.test', 'ext.example') },
  { weight: 2, arbitrary: fc.constant('x.service.consul') },
);

/** Names and numbers that other registries give to each other's ports. */
const ports = fc.constantFrom<readonly ServicePort[]>(
  [{ number: 80, name: 'http', protocol: 'HTTP' }],
  [{ number: 80, name: 'web', protocol: 'HTTP2' }],
  [{ number: 90, name: 'tcp', protocol: 'TCP' }],
  [{ number: 90, name: 'http', protocol: 'TCP' }],
  [
    { number: 80, name: 'tcp', protocol: 'auto' },
    { number: 90, name: 'http-80', protocol: 'TCP' },
    { number: 7070, name: 'more', protocol: 'HTTP' },
  ],
);

const instance: fc.Arbitrary<Omit<CatalogInstance, 'id' | 'ports'>> = fc
  .record({
    address: fc.oneof({ weight: 7, arbitrary: address }, { weight: 1, arbitrary: fc.constant('vm.dns.test') }),
    labels: rarely(version.map((one) => ({ version: one, app: 'x' }))),
    locality: rarely(locality.map(parseLocality)),
    weight: rarely(fc.constantFrom(0, 3)),
    health: rarely(fc.constantFrom('healthy' as const, 'unhealthy' as const, 'draining' as const)),
    network: rarely(fc.constantFrom('far', 'near')),
    serviceAccount: rarely(fc.constant('sa')),
    nodeName: rarely(node),
  })
  .map(written) as fc.Arbitrary<Omit<CatalogInstance, 'id' | 'ports'>>;

const service: fc.Arbitrary<CatalogService> = fc
  .record({
    hostnames: fc.uniqueArray(hostname, { minLength: 1, maxLength: 2 }),
    namespace,
    ports,
    createdAt: rarely(fc.nat({ max: 2 })),
    instances: fc.uniqueArray(fc.record({ id: fc.constantFrom('x-1', 'i-2', 'i-3'), instance, base: fc.nat(1) }), {
      maxLength: 3,
      selector: ({ id }) => id,
    }),
  })
  .map(({ instances, createdAt, ...rest }) => ({
    ...rest,
    ...(createdAt === undefined ? {} : { createdAt }),
    instances: instances.map(({ id, instance: facts, base }) => ({
      id,
      ...facts,
      // Sometimes the first port is not served.
      ports: Object.fromEntries(
        rest.ports.slice(rest.ports.length > 1 ? base : 0).map((port, i) => [port.name, 9000 + i]),
      ),
    })),
  }));

/** A service of a catalog that is new, different or gone. */
export const catalogService: fc.Arbitrary<CatalogDraft> = fc.record({
  catalog,
  name,
  service: fc.oneof({ weight: 4, arbitrary: service }, { weight: 1, arbitrary: fc.constant(undefined) }),
});
