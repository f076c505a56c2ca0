/** One real Envoy of a test: where it listens, and how its application and others reach it. */
import assert from 'node:assert/strict';
import type { BootstrapOptions } from '../../../src/agent/bootstrap.ts';
import type { AddressBlock } from '../../../src/up/address-block.ts';
import type { Entry } from './call.ts';
import { type Envoy, startEnvoy } from './envoy.ts';

/** A proxy to start. */
export interface ProxySpec {
  readonly name: string;
  readonly namespace: string;
  readonly type?: BootstrapOptions['type'];
  readonly labels?: { readonly [name: string]: string };
  readonly locality?: NonNullable<BootstrapOptions['locality']>;
  readonly dialect?: BootstrapOptions['dialect'];
  /** Metadata beside what `fairway up` gives. */
  readonly metadata?: { readonly [name: string]: unknown };
}

export interface TestProxy {
  readonly envoy: Envoy;
  /** Where others reach it. */
  readonly ip: string;
  /** Where its own application reaches it, or people a gateway. */
  readonly loopback: string;
  /** Where its own application listens. */
  readonly application: string;
  /** The sidecar as an HTTP proxy. */
  readonly httpProxy: Entry;
  /** A port at `loopback` that it listens on for real. */
  port(number: number): Entry;
  /**
   * As if a connection of its application to `ip:port`, or one of others to its workload, had been intercepted. Needs
   * `toldDestinations` of fragments.ts, and REDIRECT.
   */
  intercepting(direction: 'outbound' | 'inbound', destination: string): Entry;
}

export function proxyNamed(proxies: ReadonlyMap<string, TestProxy>, name: string): TestProxy {
  const proxy = proxies.get(name);
  assert.ok(proxy !== undefined, `expected one of the proxies ${[...proxies.keys()].join(', ')}, found ${name}`);
  return proxy;
}

const httpProxyPort = 15080;
const adminPort = 15000;
/** Where proxies run. */
export interface Place {
  readonly program: string;
  readonly folder: string;
  readonly block: AddressBlock;
  readonly xds: BootstrapOptions['xds'];
}

export function startProxy(spec: ProxySpec, number: number, { program, folder, block, xds }: Place): TestProxy {
  const { name, namespace, type = 'sidecar', labels = {}, locality, dialect = 'delta', metadata = {} } = spec;
  const ip = block.at(1, number);
  const loopback = block.at(2, number);
  const application = block.at(3, number);
  const envoy = startEnvoy({
    program,
    folder,
    bootstrap: {
      type,
      ip,
      pod: `${name}-1`,
      namespace,
      domainSuffix: 'cluster.local',
      cluster: 'Kubernetes',
      serviceAccount: name,
      labels,
      workload: name,
      ...(locality === undefined ? {} : { locality }),
      metadata: {
        INTERCEPTION_MODE: 'NONE',
        UNPRIVILEGED_POD: 'true',
        LOOPBACK_ADDRESS: loopback,
        APPLICATION_ADDRESS: application,
        ...(type === 'sidecar' ? { HTTP_PROXY_PORT: String(httpProxyPort) } : {}),
        ...metadata,
      },
      xds,
      dialect,
      admin: { host: ip, port: adminPort },
    },
  });
  return {
    envoy,
    ip,
    loopback,
    application,
    httpProxy: { host: loopback, port: httpProxyPort, isProxy: true },
    port: (port) => ({ host: loopback, port, isProxy: false }),
    intercepting(direction, destination) {
      const { proxyListenPort, proxyInboundListenPort } = portsOf(block);
      const port = direction === 'outbound' ? proxyListenPort : proxyInboundListenPort;
      const [ip, number] = destination.split(':');
      return { host: '127.0.0.1', port, isProxy: false, preface: `PROXY TCP4 10.9.9.9 ${ip} 40000 ${number}\r\n` };
    },
  };
}

/** Where sidecars take intercepted connections, on all addresses: no test process takes another's. */
export function portsOf({ number }: AddressBlock): {
  readonly proxyListenPort: number;
  readonly proxyInboundListenPort: number;
} {
  return { proxyListenPort: 20_000 + 2 * number, proxyInboundListenPort: 20_001 + 2 * number };
}
