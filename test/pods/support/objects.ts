/** What is in the mesh of pods, each object as one line of JSON. */
import { applicationImage } from './container.ts';

const object = (apiVersion: string, kind: string, metadata: object, rest: object = {}): string =>
  JSON.stringify({ apiVersion, kind, metadata, ...rest });

/** Sidecars are for `shop` alone. */
export const meshNamespaces: readonly string[] = [
  object('v1', 'Namespace', { name: 'istio-system' }),
  object('v1', 'Namespace', { name: 'shop', labels: { 'istio-injection': 'enabled' } }),
  object('v1', 'Namespace', { name: 'outside' }),
];

export interface WorkloadOptions {
  readonly namespace?: string;
  readonly app: string;
  readonly version?: string;
  readonly replicas?: number;
  readonly node?: 'near' | 'far';
  /** Of the application; see application-program.ts. */
  readonly args: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
  /** Of the application's container. */
  readonly container?: object;
  readonly kind?: 'Deployment' | 'StatefulSet';
}

/** As everybody does whose pods are to go without anybody noticing. */
const goesGently = { lifecycle: { preStop: { sleep: { seconds: 2 } } } };

/** Pods that are bound to a node, since there is no scheduler; a new one comes before an old one goes. */
export function workload(options: WorkloadOptions): string {
  const {
    namespace = 'shop',
    app,
    version = 'v1',
    replicas = 1,
    node = 'near',
    args,
    annotations = {},
    kind,
  } = options;
  const labels = { app, version };
  const name = `${app}-${version}`;
  const container = {
    ...{ name: app, image: applicationImage, args: ['--name', name, ...args] },
    ...goesGently,
    ...options.container,
  };
  const isStateful = kind === 'StatefulSet';
  return object(
    'apps/v1',
    kind ?? 'Deployment',
    { name: isStateful ? app : name, namespace },
    {
      spec: {
        replicas,
        selector: { matchLabels: labels },
        ...(isStateful ? { serviceName: app } : { strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } }),
        template: { metadata: { labels, annotations }, spec: { nodeName: node, containers: [container] } },
      },
    },
  );
}

/** A gateway as Istio's chart describes it, but for the node. */
export function gateway(namespace: string, app: string): string {
  const labels = { app, istio: app };
  const container = {
    name: 'istio-proxy',
    image: 'auto',
    securityContext: {
      capabilities: { drop: ['ALL'] },
      allowPrivilegeEscalation: false,
      runAsUser: 1337,
      runAsGroup: 1337,
    },
    ports: [{ name: 'http-envoy-prom', containerPort: 15_090, protocol: 'TCP' }],
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '2000m', memory: '1024Mi' } },
  };
  const metadata = {
    labels: { ...labels, 'sidecar.istio.io/inject': 'true' },
    annotations: {
      'inject.istio.io/templates': 'gateway',
      'prometheus.io/scrape': 'true',
      'prometheus.io/port': '15020',
      'prometheus.io/path': '/stats/prometheus',
    },
  };
  return object(
    'apps/v1',
    'Deployment',
    { name: app, namespace },
    {
      spec: {
        selector: { matchLabels: labels },
        template: { metadata, spec: { nodeName: 'near', containers: [container] } },
      },
    },
  );
}

/** A pod that belongs to nobody. */
export function barePod({
  name,
  app,
  version,
  args,
}: {
  readonly name: string;
  readonly app: string;
  readonly version: string;
  readonly args: readonly string[];
}): string {
  const container = {
    ...{ name: app, image: applicationImage, args: ['--name', `reviews-${version}`, ...args] },
    ...goesGently,
  };
  const metadata = { name, namespace: 'shop', labels: { app, version } };
  return object('v1', 'Pod', metadata, { spec: { nodeName: 'near', containers: [container] } });
}

export interface PortOptions {
  readonly name: string;
  readonly port: number;
  readonly targetPort?: number;
}

export function service(app: string, ports: readonly PortOptions[], spec: object = {}, namespace = 'shop'): string {
  return object('v1', 'Service', { name: app, namespace }, { spec: { selector: { app }, ports, ...spec } });
}

/** A rule of Istio's networking API. */
export function rule(kind: string, name: string, spec: object): string {
  return object('networking.istio.io/v1', kind, { name, namespace: 'shop' }, { spec });
}
