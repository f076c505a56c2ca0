/**
 * Clients share what is made for a namespace unless something makes them special towards it. Each case is one such thing:
 * the sidecars of all namespaces must hold what they would hold if no client were narrowed.
 */
import { describe, it } from 'node:test';
import type { Step } from './oracle/history.ts';
import { run } from './oracle/run.ts';
import { namespaces } from './oracle/universe.ts';
import { catalogService, instance } from './support/catalog-services.ts';
import { connect, put } from './support/steps.ts';

const seats = ['1', '2', '3'] as const;
const everybody = namespaces.flatMap((namespace, i) =>
  connect(namespace, { labels: { app: 'x', version: 'v1' }, nodeName: 'n1' }, seats[i]),
);

function check(name: string, yaml: string, ...registered: readonly Step[]): void {
  it(name, () => run([[...put(yaml), ...registered, ...everybody]]));
}

/** A service of a catalog. */
const register = (catalog: string, hostname: string, ports: string, where: string): Step => ({
  do: 'register',
  change: {
    catalog,
    name: 'x',
    service: catalogService([hostname], ports, [instance('10.0.0.1:8080', {}, ports.split(':')[0])], {
      namespace: where,
    }),
  },
});

const service = (namespace: string, name: string, rest: string, annotations = '{}') => `
---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${namespace}, annotations: ${annotations} }
spec: { ${rest} }`;

const istio = (kind: string, namespace: string, name: string, spec: string) => `
---
apiVersion: networking.istio.io/v1
kind: ${kind}
metadata: { name: ${name}, namespace: ${namespace} }
spec: { ${spec} }`;

const web = 'clusterIP: 10.1.0.1, ports: [{ name: http, port: 80 }]';
const raw = 'clusterIP: 10.1.0.2, ports: [{ name: tcp, port: 90 }]';
const own = '{ networking.istio.io/exportTo: . }';
const host = (name: string, namespace: string) => `${name}.${namespace}.svc.cluster.local`;
const byHash = 'trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: one } } }';

describe('a client is special towards', () => {
  check(
    'whoever sends traffic to a host that catalogs have in several namespaces',
    service('b', 'y', raw) +
      istio(
        'VirtualService',
        'b',
        'to-ext',
        `hosts: [${host('y', 'b')}], tcp: [{ route: [{ destination: { host: ext.test } }] }]`,
      ),
    register('consul/dc1', 'ext.test', 'tcp: 90', 'a'),
    register('nomad/global', 'ext.test', 'tcp: 91', 'istio-system'),
  );
  check(
    'a service to which a catalog adds a port, at an address that its own service has',
    service('a', 'x', web) +
      istio(
        'ServiceEntry',
        'b',
        'own',
        "hosts: [ext.test], exportTo: ['.', a], addresses: [10.1.0.1], resolution: STATIC, ports: [{ number: 90, name: tcp, protocol: TCP }]",
      ),
    register('consul/dc1', host('x', 'a'), 'tcp: 90', 'a'),
  );
  check(
    'two services to which a catalog adds a port, at one address',
    service('a', 'x', web, own) + service('b', 'x', web),
    register('consul/dc1', host('x', 'a'), 'tcp: 90', 'a'),
    register('nomad/global', host('x', 'b'), 'tcp: 90', 'b'),
  );
  check(
    'whoever sends traffic to a service that only it sees',
    service('a', 'x', web, own) +
      service('b', 'y', raw) +
      istio(
        'VirtualService',
        'b',
        'to-x',
        `hosts: [${host('y', 'b')}], tcp: [{ route: [{ destination: { host: ${host('x', 'a')} } }] }]`,
      ),
  );
  check(
    'whoever sends traffic to a host that is another service to it',
    istio(
      'ServiceEntry',
      'a',
      'own',
      'hosts: [ext.test], resolution: NONE, ports: [{ number: 80, name: http, protocol: HTTP }]',
    ) +
      istio(
        'ServiceEntry',
        'istio-system',
        'other',
        'hosts: [ext.test], resolution: NONE, ports: [{ number: 81, name: tcp, protocol: TCP }, { number: 82, name: more, protocol: TCP }]',
      ) +
      service('b', 'y', raw) +
      istio(
        'VirtualService',
        'b',
        'to-ext',
        `hosts: [${host('y', 'b')}], tcp: [{ route: [{ destination: { host: ext.test } }] }]`,
      ),
  );
  check(
    'whoever sends traffic to an alias that only it sees',
    service('a', 'x', `type: ExternalName, externalName: ext.test, ports: [{ name: http, port: 80 }]`, own) +
      service('b', 'y', web) +
      istio(
        'VirtualService',
        'b',
        'to-x',
        `hosts: [${host('y', 'b')}], http: [{ route: [{ destination: { host: ${host('x', 'a')} } }] }]`,
      ),
  );
  check(
    'whoever sends traffic by an alias to a service that only it sees',
    service('a', 'x', `type: ExternalName, externalName: ext.test, ports: [{ name: http, port: 80 }]`, own) +
      service(
        'istio-system',
        'z',
        `type: ExternalName, externalName: ${host('x', 'a')}, ports: [{ name: http, port: 80 }]`,
      ) +
      service('b', 'y', web) +
      istio(
        'VirtualService',
        'b',
        'to-z',
        `hosts: [${host('y', 'b')}], http: [{ route: [{ destination: { host: ${host('z', 'istio-system')} } }] }]`,
      ),
  );
  check(
    'everybody that a rule of its own is about by a wildcard',
    service('b', 'y', web) + istio('DestinationRule', 'a', 'all', `host: "*.local", ${byHash}`),
  );
  check(
    'everybody that sends traffic where a rule of its own holds by a wildcard',
    service('b', 'y', web) +
      service('istio-system', 'z', web) +
      istio('DestinationRule', 'a', 'all', `host: "*.istio-system.svc.cluster.local", ${byHash}`) +
      istio(
        'VirtualService',
        'b',
        'to-z',
        `hosts: [${host('y', 'b')}], http: [{ route: [{ destination: { host: ${host('z', 'istio-system')} } }] }]`,
      ),
  );
  check(
    'whoever sends traffic to a host for which it has a rule of its own',
    service('b', 'y', web) +
      service('istio-system', 'z', web) +
      istio('DestinationRule', 'a', 'z', `host: ${host('z', 'istio-system')}, ${byHash}`) +
      istio(
        'VirtualService',
        'b',
        'to-z',
        `hosts: [${host('y', 'b')}], http: [{ route: [{ destination: { host: ${host('z', 'istio-system')} } }] }]`,
      ),
  );
  check(
    'whoever sends traffic to a host for which a rule selects it',
    service('a', 'x', web) +
      service('b', 'y', web) +
      istio('DestinationRule', 'a', 'x', `host: x, workloadSelector: { matchLabels: { app: x } }, ${byHash}`) +
      istio(
        'VirtualService',
        'b',
        'to-x',
        `hosts: [${host('y', 'b')}], http: [{ route: [{ destination: { host: ${host('x', 'a')} } }] }]`,
      ),
  );
  check(
    'a namespace whose service bears a name that a wildcard of its own covers',
    istio(
      'ServiceEntry',
      'istio-system',
      'stray',
      `hosts: [${host('s', 'b')}], resolution: NONE, ports: [{ number: 80, name: http, protocol: HTTP }]`,
    ) +
      istio(
        'VirtualService',
        'a',
        'all-of-b',
        `hosts: ["*.b.svc.cluster.local"], exportTo: [.], http: [{ directResponse: { status: 418 } }]`,
      ),
  );
  check(
    'the roots of a delegate that asks for its namespace',
    service('b', 'y', web) +
      istio(
        'VirtualService',
        'b',
        'root',
        `hosts: [${host('y', 'b')}], http: [{ delegate: { name: part, namespace: istio-system } }]`,
      ) +
      istio(
        'VirtualService',
        'istio-system',
        'part',
        'http: [{ match: [{ sourceNamespace: a }], directResponse: { status: 418 } }]',
      ),
  );
  check(
    'a namespace whose rule asks for it',
    service('b', 'y', web) +
      istio(
        'VirtualService',
        'b',
        'y',
        `hosts: [${host('y', 'b')}], http: [{ match: [{ sourceNamespace: a }], directResponse: { status: 418 } }]`,
      ),
  );
  check(
    'a namespace that shows it a rule which it hides from others',
    service('b', 'y', web) +
      istio(
        'VirtualService',
        'b',
        'y',
        `hosts: [${host('y', 'b')}], exportTo: [a], http: [{ directResponse: { status: 418 } }]`,
      ),
  );
  check(
    'a namespace that has the same address as a service which only it sees',
    service('a', 'x', raw, own) + service('b', 'y', raw),
  );
  check(
    'a namespace that shows it a rule about connections which it hides from others',
    service('b', 'y', web) + istio('DestinationRule', 'b', 'y', `host: y, exportTo: [a], ${byHash}`),
  );
  check(
    'a namespace with a host of a name like its own',
    istio(
      'ServiceEntry',
      'b',
      'like',
      `hosts: [${host('s', 'a')}], resolution: NONE, ports: [{ number: 80, name: http, protocol: HTTP }]`,
    ),
  );
  check(
    'the host behind an alias of its own',
    service('b', 'y', web) +
      service('istio-system', 'z', `type: ExternalName, externalName: ${host('y', 'b')}`) +
      service('a', 'x', `type: ExternalName, externalName: ${host('z', 'istio-system')}`),
  );
});

describe('a client keeps', () => {
  check(
    'labels that a rule asks for about a host with the name of another namespace',
    istio(
      'ServiceEntry',
      'istio-system',
      'stray',
      `hosts: [${host('s', 'b')}], resolution: NONE, ports: [{ number: 80, name: http, protocol: HTTP }]`,
    ) +
      istio(
        'VirtualService',
        'b',
        's',
        `hosts: [${host('s', 'b')}], http: [{ match: [{ sourceLabels: { version: v1 } }], directResponse: { status: 418 } }]`,
      ),
  );
  check(
    'its node where a rule prefers endpoints on it',
    service('b', 'y', web) +
      istio(
        'DestinationRule',
        'b',
        'y',
        `host: y, trafficPolicy: { outlierDetection: { interval: 1s }, loadBalancer: { localityLbSetting: { failoverPriority: [kubernetes.io/hostname] } } }`,
      ) +
      `
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: y-1, namespace: b, labels: { kubernetes.io/service-name: y } }
addressType: IPv4
ports: [{ name: http, port: 9000 }]
endpoints: [{ addresses: [10.0.0.2], nodeName: n1 }, { addresses: [10.0.0.3], nodeName: n2 }]`,
  );
  check(
    'its Sidecar where another namespace has a rule about a host that it imports',
    service('b', 'y', web) +
      istio('Sidecar', 'a', 'own', 'egress: [{ hosts: ["b/*"] }]') +
      istio(
        'VirtualService',
        'istio-system',
        'y',
        `hosts: [${host('y', 'b')}], http: [{ directResponse: { status: 418 } }]`,
      ),
  );
});
