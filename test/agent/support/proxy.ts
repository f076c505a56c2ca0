/** `fairway proxy` as a pod runs it, told by a real control plane in this process; every port is one that was free. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { TestContext } from 'node:test';
import { type Answer, ask } from '../../../src/agent/http-get.ts';
import { type Application, startHttpApplication } from '../../envoy/support/application.ts';
import { startTestControlPlane } from '../../envoy/support/test-control-plane.ts';
import { until } from '../../support/until.ts';
import { type Fairway, startFairway } from '../../up/support/fairway.ts';

export interface ProxyPorts {
  readonly agent: number;
  readonly admin: number;
  readonly status: number;
  readonly prometheus: number;
  /** Where the gateway listens, or a sidecar as HTTP proxy of its application. */
  readonly http: number;
}

export interface StartedProxy {
  readonly fairway: Fairway;
  readonly ports: ProxyPorts;
  /** What the gateway sends requests to. */
  readonly application: Application;
  /** The id of its Envoy, which runs. */
  envoy(): number;
  /** Rejected when nobody answers. */
  ask(port: number, path: string, method?: 'GET' | 'POST'): Promise<Answer>;
  untilReady(): Promise<void>;
  /** Runs `fairway proxy` in the same pod. */
  hook(...args: readonly string[]): Fairway;
}

export interface ProxyStart {
  readonly type?: 'sidecar' | 'router';
  readonly env?: NodeJS.ProcessEnv;
  readonly args?: readonly string[];
  readonly config?: object;
  /** What the gateway serves: HTTP when absent. */
  readonly objects?: typeof gatewayTo;
}

const host = '127.0.0.1';

/** Starts a proxy of a mesh with a gateway; it may not be ready yet. It ends with the test. */
export async function startProxy(
  context: Pick<TestContext, 'after'>,
  { type = 'router', env = {}, args = [], config = {}, objects = gatewayTo }: ProxyStart = {},
): Promise<StartedProxy> {
  const [agent = 0, admin = 0, status = 0, prometheus = 0, http = 0] = await freePorts(5);
  const ports = { agent, admin, status, prometheus, http };
  const application = await startHttpApplication({ name: 'web', address: host, port: 0 });
  context.after(() => application.close());
  const controlPlane = await startTestControlPlane(objects(application, http), '{}', {});
  context.after(() => controlPlane.stop());
  const xds = controlPlane.server.xdsAddress.port;
  const environment = {
    POD_NAME: 'door-1',
    POD_NAMESPACE: 'shop',
    INSTANCE_IP: host,
    PROXY_CONFIG: JSON.stringify({
      discoveryAddress: `${host}:${xds}`,
      statusPort: agent,
      proxyAdminPort: admin,
      concurrency: 1,
      ...config,
    }),
    ISTIO_META_ENVOY_STATUS_PORT: String(status),
    ISTIO_META_ENVOY_PROMETHEUS_PORT: String(prometheus),
    ISTIO_META_INTERCEPTION_MODE: 'NONE',
    ISTIO_META_UNPRIVILEGED_POD: 'true',
    ...(type === 'sidecar' ? { ISTIO_META_HTTP_PROXY_PORT: String(http) } : {}),
    ISTIO_METAJSON_LABELS: JSON.stringify({ app: 'door' }),
    MINIMUM_DRAIN_DURATION: '0s',
    ...env,
  };
  const run = (more: readonly string[]) =>
    startFairway(context, ['proxy', type, '--log-format', 'text', ...more], environment);
  const fairway = run(args);
  const asked: StartedProxy['ask'] = (port, path, method = 'GET') => ask({ host, port, path, method, timeoutMs: 5000 });
  return {
    fairway,
    ports,
    application,
    envoy: () => fairway.descendants()[0] ?? 0,
    ask: asked,
    untilReady: () => untilAnswer(() => asked(status, '/healthz/ready'), 200),
    hook: (...more) => run(more),
  };
}

/** The same gateway, for TCP. */
export function tcpGatewayTo(application: Application, port: number): string {
  return gatewayTo(application, port)
    .replace('name: http, protocol: HTTP }, hosts', 'name: tcp, protocol: TCP }, hosts')
    .replace('name: http, protocol: HTTP, targetPort', 'name: tcp, protocol: TCP, targetPort')
    .replace('  http: [{ route', '  tcp: [{ route');
}

/** Resolves when an answer has this status. */
export async function untilAnswer(asked: () => Promise<Answer>, status: number): Promise<void> {
  let found = 'nothing';
  const isThere = async () => {
    try {
      const answer = await asked();
      found = `${answer.status} ${answer.body}`;
      return answer.status === status;
    } catch (error) {
      found = (error as Error).message;
      return false;
    }
  };
  try {
    await until(isThere, { what: `the status ${status}`, mostMs: 20_000 });
  } catch (error) {
    throw new Error(`${(error as Error).message}; found ${found}`, { cause: error });
  }
}

/** A gateway that sends everything to an application on this machine. */
export function gatewayTo(application: Application, port: number): string {
  return `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: door, namespace: shop }
spec:
  selector: { app: door }
  servers: [{ port: { number: ${port}, name: http, protocol: HTTP }, hosts: ["*"] }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: door, namespace: shop }
spec:
  hosts: ["*"]
  gateways: [door]
  http: [{ route: [{ destination: { host: web.example.com, port: { number: 80 } } }] }]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: web, namespace: shop }
spec:
  hosts: [web.example.com]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: ${application.port} }]
  endpoints: [{ address: ${application.address} }]
`;
}

/** A gateway that serves. */
export async function startGateway(context: Pick<TestContext, 'after'>, start: ProxyStart = {}): Promise<StartedProxy> {
  const proxy = await startProxy(context, start);
  await proxy.untilReady();
  await untilAnswer(() => proxy.ask(proxy.ports.http, '/'), 200);
  return proxy;
}

/** Ports of 127.0.0.1 that nobody listens on right now. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  for (let tries = 0; ports.length < count && tries < 100; tries += 1) {
    const port = firstPort + Math.floor(Math.random() * portCount);
    if (!ports.includes(port) && (await isFree(port))) ports.push(port);
  }
  return ports;
}

/** Below those that systems give to whoever asks for any port: a port of these that is free now stays so. */
const firstPort = 20_000;
const portCount = 10_000;

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port);
  try {
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
