/**
 * Short objects about very few hosts, so that nearly all of them have to do with each other: who sees which service, whose
 * rule wins, what a destination is to whom.
 */
import fc from 'fast-check';
import type { Draft } from '../support/draft.ts';
import { isValid } from './objects.ts';
import { clusterHost, exportTo, namespace, rarely, written } from './universe.ts';

const name = fc.constantFrom('x', 'y');
const createdAt = fc.nat({ max: 1 });
const head = { namespace, createdAt };
const kubernetesHost = fc.tuple(name, namespace).map(([one, where]) => clusterHost(one, where));
const exactHost = fc.oneof({ weight: 4, arbitrary: kubernetesHost }, { weight: 1, arbitrary: fc.constant('ext.test') });
const host = fc.oneof(
  { weight: 6, arbitrary: exactHost },
  { weight: 1, arbitrary: fc.constantFrom('*.test', '*.a.svc.cluster.local', '*.local') },
);
const where = fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, { weight: 3, arbitrary: exportTo });

const web = { name: 'http', port: 80 };
const raw = { name: 'tcp', port: 90 };

const service: fc.Arbitrary<Draft> = fc
  .record({
    ...head,
    name,
    shown: where,
    cluster: rarely(fc.constant('east')),
    body: fc.oneof(
      fc.record({
        ports: fc.constantFrom([web], [raw], [web, raw]),
        clusterIP: fc.constantFrom('10.1.0.1', '10.1.0.2'),
      }),
      exactHost.map((externalName) => ({ type: 'ExternalName', externalName, ports: [web] })),
    ),
  })
  .map(({ shown, body, cluster, ...rest }) => ({
    ...rest,
    ...(cluster === undefined ? {} : { cluster }),
    group: '',
    kind: 'Service',
    line: 1,
    annotations: shown === undefined ? {} : { 'networking.istio.io/exportTo': shown.join() },
    body: { spec: body },
  }));

function rule(kind: string, names: readonly string[], spec: fc.Arbitrary<object>): fc.Arbitrary<Draft> {
  return fc
    .record({ ...head, name: fc.constantFrom(...names), spec, exportTo: where })
    .map(({ spec, exportTo, ...rest }) => ({
      ...rest,
      group: 'networking.istio.io',
      kind,
      line: 1,
      body: { spec: written({ exportTo: 'workloadSelector' in spec ? undefined : exportTo, ...spec }) },
    }));
}

const serviceEntry = rule(
  'ServiceEntry',
  ['se-1', 'se-2'],
  fc
    .record({
      host: exactHost,
      ports: fc.constantFrom(
        [{ number: 80, name: 'http', protocol: 'HTTP' }],
        [{ number: 90, name: 'tcp', protocol: 'TCP' }],
        [
          { number: 90, name: 'tcp', protocol: 'TCP' },
          { number: 91, name: 'more', protocol: 'TCP' },
        ],
      ),
      address: rarely(fc.constantFrom('10.1.0.1', '10.1.0.3')),
    })
    .map(({ host, ports, address }) =>
      written({
        hosts: [host],
        ports,
        addresses: address === undefined ? undefined : [address],
        resolution: 'STATIC',
        endpoints: [{ address: '10.0.0.1' }],
      }),
    ),
);

const destination = fc
  .record({ host: exactHost, port: rarely(fc.constantFrom({ number: 80 }, { number: 90 })) })
  .map(written);

const match = fc.constantFrom(
  undefined,
  undefined,
  { sourceNamespace: 'a' },
  { sourceNamespace: 'b' },
  { sourceLabels: { app: 'x' } },
  { sourceLabels: { version: 'v1' } },
);

const forward = fc
  .record({ match, destination })
  .map(({ match, destination }) =>
    written({ match: match === undefined ? undefined : [match], route: [{ destination }] }),
  );
const handOver = fc.record({ name: fc.constantFrom('vs-d', 'vs-1'), namespace }).map((delegate) => ({ delegate }));

const virtualService = fc.oneof(
  {
    weight: 4,
    arbitrary: rule(
      'VirtualService',
      ['vs-1', 'vs-2'],
      fc
        .record({ host, http: fc.oneof({ weight: 4, arbitrary: forward }, { weight: 1, arbitrary: handOver }) })
        .map(({ host, http }) => ({ hosts: [host], http: [http] })),
    ),
  },
  {
    weight: 2,
    arbitrary: rule(
      'VirtualService',
      ['vs-3', 'vs-4'],
      fc.record({ host, tcp: forward }).map(({ host, tcp }) => ({ hosts: [host], tcp: [tcp] })),
    ),
  },
  {
    weight: 1,
    arbitrary: rule(
      'VirtualService',
      ['vs-d'],
      forward.map((http) => ({ http: [http] })),
    ),
  },
);

const destinationRule = rule(
  'DestinationRule',
  ['dr-1', 'dr-2'],
  fc
    .record({
      host,
      trafficPolicy: fc.constantFrom(
        { loadBalancer: { consistentHash: { httpHeaderName: 'one' } } },
        { loadBalancer: { consistentHash: { useSourceIp: true } } },
        { connectionPool: { tcp: { idleTimeout: '9s' } } },
        {
          loadBalancer: { localityLbSetting: { failoverPriority: ['version'] } },
          outlierDetection: { interval: '1s' },
        },
      ),
      workloadSelector: rarely(fc.constantFrom({ matchLabels: { app: 'x' } }, { matchLabels: { version: 'v1' } })),
    })
    .map(written),
);

const sidecar: fc.Arbitrary<Draft> = fc
  .record({
    ...head,
    name: fc.constant('sc-1'),
    hosts: fc.subarray(['./*', 'a/*', 'b/*', '*/ext.test', '*/*'], { minLength: 1 }),
  })
  .map(({ hosts, ...rest }) => ({
    ...rest,
    group: 'networking.istio.io',
    kind: 'Sidecar',
    line: 1,
    body: { spec: { egress: [{ hosts }] } },
  }));

export const closeObject = fc
  .oneof(
    { weight: 5, arbitrary: service },
    { weight: 3, arbitrary: serviceEntry },
    { weight: 5, arbitrary: virtualService },
    { weight: 4, arbitrary: destinationRule },
    { weight: 1, arbitrary: sidecar },
  )
  .filter(isValid);
