/** The containers that injection adds: the proxy, and the one that sets up interception before it. */
import { usualPorts } from '../agent/ports.ts';
import { isTrue } from '../lib/is-true.ts';
import { amountOf } from '../model/quantity.ts';
import type { SidecarOptions } from './annotations.ts';
import { logArguments } from './log-levels.ts';
import { type Container, initName, lastingContainers, type Pod, type Probe, proxyName } from './pod.ts';
import type { Quantities } from './resources.ts';
import { type InjectionSettings, usualDiscoveryAddress } from './settings.ts';
import { ownerText, type Workload } from './workload.ts';

export interface SidecarParts {
  /** The application's. */
  readonly pod: Pod;
  readonly namespace: string;
  readonly workload: Workload;
  readonly options: SidecarOptions;
  readonly settings: InjectionSettings;
  /** Those that the proxy's container has in the end. */
  readonly limits: Quantities;
  readonly probers: { readonly [path: string]: object };
  /** The annotations `prometheus.io/*` of the application, when its metrics are merged. */
  readonly metrics?: object;
}

/** The entry point of the image, which hooks have to name. */
export const imageProgram: readonly string[] = ['node', '/fairway/dist/main.js'];

/** And its group. */
export const proxyUser = 1337;
const workFolder = '/etc/istio/proxy';
const podFolder = '/etc/istio/pod';
export const envoyVolume = 'istio-envoy';
export const podVolume = 'istio-podinfo';

/** A pod has this long to end when it says nothing. */
const usualGraceS = 30;
/** Of it the process needs some to end once it has drained. */
const endingS = 5;

export function proxyContainer(parts: SidecarParts): Container {
  const { options } = parts;
  const holds =
    options.config.holdApplicationUntilProxyStarts === true && options.role === 'sidecar' && !options.isNative;
  return {
    name: proxyName,
    image: options.image,
    ...pullPolicyIn(parts.settings),
    args: proxyArguments(parts),
    ports: [{ containerPort: usualPorts.prometheus, name: 'http-envoy-prom', protocol: 'TCP' }],
    env: environment(parts),
    resources: options.resources,
    securityContext: securityContext(options),
    startupProbe,
    readinessProbe,
    lifecycle: {
      // The next container is started when this has ended.
      ...(holds ? { postStart: { exec: { command: [...imageProgram, 'proxy', '--wait'] } } } : {}),
      preStop: { exec: { command: [...imageProgram, 'proxy', '--pre-stop'] } },
    },
    volumeMounts: [
      { name: envoyVolume, mountPath: workFolder },
      { name: podVolume, mountPath: podFolder },
    ],
    ...(options.isNative ? { restartPolicy: 'Always' } : {}),
  };
}

const ready = { httpGet: { path: '/healthz/ready', port: usualPorts.status } };
/** Asked often, for up to ten minutes: a native sidecar lets the next container start when it has succeeded. */
const startupProbe: Probe = { ...ready, periodSeconds: 1, failureThreshold: 600, timeoutSeconds: 3 };
const readinessProbe: Probe = { ...ready, periodSeconds: 15, failureThreshold: 4, timeoutSeconds: 3 };

/** The volumes of the proxy: where its bootstrap goes, and what the pod is called. */
export const volumes = [
  { name: envoyVolume, emptyDir: { medium: 'Memory' } },
  {
    name: podVolume,
    downwardAPI: {
      items: [
        { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
        { path: 'annotations', fieldRef: { fieldPath: 'metadata.annotations' } },
      ],
    },
  },
];

function pullPolicyIn({ pullPolicy }: InjectionSettings): object {
  return pullPolicy === undefined ? {} : { imagePullPolicy: pullPolicy };
}

function proxyArguments({ pod, options, settings, limits }: SidecarParts): readonly string[] {
  const graceS = pod.spec.terminationGracePeriodSeconds ?? usualGraceS;
  const threads = options.config.concurrency === undefined ? threadsIn(limits.cpu) : undefined;
  return [
    'proxy',
    options.role === 'gateway' ? 'router' : 'sidecar',
    '--work-folder',
    workFolder,
    ...(settings.domainSuffix === 'cluster.local' ? [] : ['--domain', settings.domainSuffix]),
    ...(threads === undefined ? [] : ['--concurrency', String(threads)]),
    ...memoryArguments(limits.memory),
    ...(graceS < usualGraceS ? ['--drain', `${Math.max(0, graceS - endingS)}s`] : []),
    ...logArguments(options.logLevels),
  ];
}

/** As many threads as there are whole cores to use, so that Envoy does not start one for each core of the node. */
function threadsIn(cpu = ''): number | undefined {
  return Math.ceil(amountOf(cpu) ?? 0) || undefined;
}

/** As it is stated where the agent reads that, else in bytes. */
function memoryArguments(memory = ''): readonly string[] {
  const bytes = Math.floor(amountOf(memory) ?? 0);
  if (bytes === 0) return [];
  return ['--memory-limit', /^\d+(k|[KMG]i|[MG])?$/.test(memory) ? memory : String(bytes)];
}

/** Rules tell the proxy by its user id; TPROXY takes rights that only root has, and then its group tells. */
function securityContext(options: SidecarOptions): object {
  const isTransparent = isIntercepted(options) && options.mode === 'TPROXY';
  return {
    allowPrivilegeEscalation: false,
    capabilities: { ...(isTransparent ? { add: ['NET_ADMIN'] } : {}), drop: ['ALL'] },
    privileged: false,
    readOnlyRootFilesystem: true,
    runAsGroup: proxyUser,
    runAsNonRoot: !isTransparent,
    runAsUser: isTransparent ? 0 : proxyUser,
  };
}

function environment(parts: SidecarParts): readonly { readonly name: string }[] {
  const { pod, namespace, workload, options, settings, probers, metrics } = parts;
  const containers = lastingContainers(pod);
  const network = pod.metadata?.labels?.['topology.istio.io/network'] ?? settings.network;
  const { proxyMetadata = {}, stated = {} } = options.config;
  const ports = containers.flatMap((one) =>
    (one.ports ?? []).map(({ name, containerPort, protocol }) => ({ name, containerPort, protocol })),
  );
  const meshId = typeof stated.meshId === 'string' ? stated.meshId : undefined;
  const texts: { readonly [name: string]: string | undefined } = {
    PROXY_CONFIG: JSON.stringify({ discoveryAddress: usualDiscoveryAddress, ...stated }),
    ISTIO_META_POD_PORTS: JSON.stringify(ports),
    ISTIO_META_APP_CONTAINERS: containers.map(({ name }) => name).join(',') || undefined,
    ISTIO_META_CLUSTER_ID: settings.cluster,
    ISTIO_META_NETWORK: network,
    ISTIO_META_INTERCEPTION_MODE: options.role === 'gateway' ? undefined : options.mode,
    ISTIO_META_WORKLOAD_NAME: workload.name === '' ? undefined : workload.name,
    ISTIO_META_OWNER: workload.name === '' ? undefined : ownerText(workload, namespace),
    ISTIO_META_MESH_ID: meshId ?? settings.mesh.trustDomain ?? settings.domainSuffix,
    ISTIO_META_ISTIO_REVISION: settings.revision,
    KUBE_APP_PROBERS: Object.keys(probers).length === 0 ? undefined : JSON.stringify(probers),
    ISTIO_PROMETHEUS_ANNOTATIONS: metrics === undefined ? undefined : JSON.stringify(metrics),
    ...proxyMetadata,
  };
  return [
    ...Object.entries(fields).map(([name, fieldPath]) => ({ name, valueFrom: { fieldRef: { fieldPath } } })),
    ...Object.entries(texts).flatMap(([name, value]) =>
      value === undefined || name in fields ? [] : [{ name, value }],
    ),
  ];
}

const fields: { readonly [name: string]: string } = {
  POD_NAME: 'metadata.name',
  POD_NAMESPACE: 'metadata.namespace',
  INSTANCE_IP: 'status.podIP',
  INSTANCE_IPS: 'status.podIPs',
  HOST_IP: 'status.hostIP',
  SERVICE_ACCOUNT: 'spec.serviceAccountName',
  ISTIO_META_NODE_NAME: 'spec.nodeName',
};

/** Whether connections of the pod are sent through the proxy, which they need not know of. */
export function isIntercepted({ role, mode }: SidecarOptions): boolean {
  return role === 'sidecar' && mode !== 'NONE';
}

/** Sets up interception; undefined where nothing is intercepted. */
export function initContainer({ options, settings }: SidecarParts): Container | undefined {
  const { mode, traffic, image, resources, config } = options;
  const { mesh } = settings;
  if (!isIntercepted(options)) return undefined;
  const capturesDns = isTrue(config.proxyMetadata?.ISTIO_META_DNS_CAPTURE);
  return {
    name: initName,
    image,
    ...pullPolicyIn(settings),
    args: [
      'iptables',
      ...(mode === 'TPROXY' ? ['--mode', mode] : []),
      ...(mesh.listenPort === undefined ? [] : ['--envoy-port', String(mesh.listenPort)]),
      ...(mesh.inboundListenPort === undefined ? [] : ['--inbound-port', String(mesh.inboundListenPort)]),
      ...traffic,
      ...groupArguments(config.proxyMetadata),
      ...(capturesDns ? ['--dns-port', String(usualPorts.dns)] : []),
    ],
    resources,
    securityContext: initSecurity,
  };
}

/** Which groups of the application's processes are intercepted: Istio's init container reads these from its variables. */
function groupArguments(metadata: { readonly [name: string]: string } = {}): readonly string[] {
  const { ISTIO_OUTBOUND_OWNER_GROUPS: included = '*', ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE: excluded = '' } = metadata;
  return [
    ...(included === '*' ? [] : ['--include-outbound-groups', included]),
    ...(excluded === '' ? [] : ['--exclude-outbound-groups', excluded]),
  ];
}

const initSecurity: object = {
  allowPrivilegeEscalation: false,
  capabilities: { add: ['NET_ADMIN', 'NET_RAW'], drop: ['ALL'] },
  privileged: false,
  // The lock of iptables is a file.
  readOnlyRootFilesystem: false,
  runAsGroup: 0,
  runAsNonRoot: false,
  runAsUser: 0,
};
