/** A control plane that serves xDS on a loopback port, of objects that a test gives as YAML. */
import type { TestContext } from 'node:test';
import { type DiscoveryServer, startDiscoveryServer, type XdsWaits } from '../../../src/discovery-server.ts';
import { type Log, silent } from '../../../src/lib/log.ts';
import type { ObjectSink } from '../../../src/model/object-source.ts';
import type { RegistrationOptions } from '../../../src/workload-registration.ts';
import { type FakeClock, fakeClock } from '../../support/fake-clock.ts';
import { changesIn, removalsIn } from '../../support/objects.ts';
import { until } from '../../support/until.ts';
import { AdsClient, type ClientOptions } from './ads-client.ts';
import type { Dialect } from './response.ts';

export interface Mesh extends Pick<DiscoveryServer, 'ads' | 'controlPlane' | 'close'> {
  /** `127.0.0.1:port` of xDS. */
  readonly address: string;
  readonly port: number;
  /** `http://127.0.0.1:port` of the pages. */
  readonly pages: string;
  /** Waits of the server end when the test lets time pass. */
  readonly clock: FakeClock;
  /** New or different objects, as one commit. */
  apply(...yaml: readonly string[]): void;
  /** Removed and new objects, as one commit. */
  replace(removed: readonly string[], added: readonly string[]): void;
  /** Everybody has gone, and so have their connections. */
  left(): Promise<void>;
  /** Opens a stream, which asks for nothing yet. */
  connect(dialect: Dialect, options?: ClientOptions): AdsClient;
}

export interface MeshOptions {
  readonly registration?: RegistrationOptions;
  readonly waits?: XdsWaits;
  readonly log?: Log;
}

/** Serves the objects of some YAML texts until the test ends. */
export async function serveMesh(
  test: Pick<TestContext, 'after'>,
  yaml: readonly string[],
  { waits = {}, log = silent, registration = {} }: MeshOptions = {},
): Promise<Mesh> {
  const clock = fakeClock();
  const { promise, resolve } = Promise.withResolvers<ObjectSink>();
  const server = await startDiscoveryServer({
    sources: [
      {
        name: 'test',
        async run(sink) {
          sink.apply(changesIn(yaml.join('---\n')));
          sink.synced();
          resolve(sink);
        },
      },
    ],
    xdsAddress: { host: '127.0.0.1', port: 0 },
    httpAddress: { host: '127.0.0.1', port: 0 },
    cluster: 'Kubernetes',
    domainSuffix: 'cluster.local',
    version: 'test',
    xdsWaits: waits,
    registration,
    clock,
    log,
  });
  const { apply } = await promise;
  const { ads, controlPlane, xdsAddress, httpAddress } = server;
  const clients: AdsClient[] = [];
  let closed: Promise<void> | undefined;
  const close = (graceMs: number) => {
    closed ??= server.close(graceMs);
    return closed;
  };
  test.after(async () => {
    for (const client of clients) client.close();
    const end = close(0);
    // However long the test itself wanted to wait.
    clock.advance(1_000_000);
    await end;
  });
  const replace: Mesh['replace'] = (removed, added) => {
    apply([...removed.flatMap(removalsIn), ...added.flatMap(changesIn)]);
    controlPlane.commit();
  };
  return {
    ads,
    controlPlane,
    close,
    clock,
    address: `${xdsAddress.host}:${xdsAddress.port}`,
    port: xdsAddress.port,
    pages: `http://${httpAddress.host}:${httpAddress.port}`,
    apply: (...added) => replace([], added),
    replace,
    left: () => until(() => ads.connections().length === 0 && clock.pending === 0, { what: 'nobody to be connected' }),
    connect(dialect, options) {
      const client = new AdsClient(`${xdsAddress.host}:${xdsAddress.port}`, dialect, options);
      clients.push(client);
      return client;
    },
  };
}
