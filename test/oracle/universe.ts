/** A deliberately small world of names: objects drawn from it collide, shadow each other and refer to each other. */
import fc from 'fast-check';

export const namespaces = ['a', 'b', 'istio-system'] as const;
export const serviceNames = ['x', 'y', 'z'] as const;
export const versions = ['v1', 'v2'] as const;
export const ports = [80, 8080, 443, 90, 7070] as const;
export const localities = ['r1/z1/s1', 'r1/z1/s2', 'r1/z2', 'r2/z1'] as const;
export const nodes = ['n1', 'n2', 'n3'] as const;
export const podAddresses = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', 'fd00::1'] as const;
const virtualAddresses = ['10.1.0.1', '10.1.0.2', '10.1.0.3', 'fd01::1'] as const;

export const clusterHost = (name: string, namespace: string) => `${name}.${namespace}.svc.cluster.local`;

export const namespace = fc.constantFrom(...namespaces);
/** Mostly few, so that objects meet. */
export const serviceName = fc.constantFrom(...serviceNames);
export const version = fc.constantFrom(...versions);
export const port = fc.constantFrom(...ports);
export const address = fc.constantFrom(...podAddresses);
export const virtualAddress = fc.constantFrom(...virtualAddresses);
export const locality = fc.constantFrom(...localities);
export const node = fc.constantFrom(...nodes);
export const createdAt = fc.nat({ max: 3 });
export const line = fc.integer({ min: 1, max: 3 });

const kubernetesHost = fc.tuple(serviceName, namespace).map(([name, where]) => clusterHost(name, where));
/** Hosts outside any cluster, some of them under each other's wildcards. */
export const outsideHost = fc.constantFrom('ext.example', 'api.ext.example', 'ext.test');
export const outsideWildcard = fc.constantFrom('*.example', '*.ext.example');
const clusterWildcard = fc.constantFrom('*.a.svc.cluster.local', '*.svc.cluster.local', '*.local');

/** A host that a rule sends traffic to, with short names that mean a service of the rule's own namespace. */
export const destinationHost = fc.oneof(
  { weight: 4, arbitrary: kubernetesHost },
  { weight: 2, arbitrary: serviceName },
  { weight: 2, arbitrary: outsideHost },
  { weight: 1, arbitrary: fc.constant('nowhere.example') },
);

/** A host that a rule is about. */
export const ruleHost = fc.oneof(
  { weight: 6, arbitrary: destinationHost },
  { weight: 1, arbitrary: outsideWildcard },
  { weight: 1, arbitrary: clusterWildcard },
);

export const workloadLabels = fc.record(
  { app: serviceName, version, tier: fc.constantFrom('front', 'back') },
  { requiredKeys: ['app'] },
);

/** Which workloads a rule is for. */
export const selector = fc.oneof(
  fc.record({ app: serviceName }),
  fc.record({ version }),
  fc.record({ app: serviceName, version }),
);

/** Absent is the most usual thing to say. */
export const exportTo = fc.oneof(
  { weight: 5, arbitrary: fc.constant(undefined) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      ['*'],
      ['.'],
      ['a'],
      ['b'],
      ['.', 'b'],
      ['.', 'a'],
      ['istio-system'],
      ['.', 'istio-system'],
    ),
  },
);

/** A record without the fields that are undefined, as a user would write it. */
export function written<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}

/** A record any of whose fields may be left out. */
export function partly<T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<Partial<T>> {
  return fc.record(fields, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>;
}

export function some<T>(item: fc.Arbitrary<T>, most: number): fc.Arbitrary<T[]> {
  return fc.array(item, { minLength: 1, maxLength: most });
}

/** Usually absent. */
export function rarely<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
}
