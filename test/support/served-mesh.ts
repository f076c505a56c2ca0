/** A whole control plane that serves on ports of its own, for tests of what it shows. */
import type { TestContext } from 'node:test';
import { type DiscoveryServer, type DiscoveryServerOptions, startDiscoveryServer } from '../../src/discovery-server.ts';
import type { Log } from '../../src/lib/log.ts';
import { type MemorySource, memorySource } from './memory-source.ts';
import { until } from './until.ts';

export interface ServedMesh {
  readonly source: MemorySource;
  /** Resolves when proxies are served. */
  readonly started: Promise<DiscoveryServer>;
  /** `error …`, `warn …`, `info …`: what has been logged, with its fields. */
  readonly logged: readonly string[];
  /** The port of the pages. */
  readonly httpPort: number;
  get(path: string, init?: RequestInit): Promise<Response>;
  /** The JSON of a page. */
  json(path: string): Promise<unknown>;
}

/** Starts with nothing; the source, which is beside those that are given, is synced when the test says so. It ends with the test. */
export async function serveMesh(
  test: Pick<TestContext, 'after'>,
  { sources = [], ...options }: Partial<Pick<DiscoveryServerOptions, 'sources' | 'webhook' | 'catalogs'>> = {},
): Promise<ServedMesh> {
  const source = memorySource();
  const logged: string[] = [];
  const line = (level: string) => (message: string, fields?: object) =>
    logged.push(`${level} ${message}${fields === undefined ? '' : ` ${JSON.stringify(fields)}`}`);
  const log: Log = { error: line('error'), warn: line('warn'), info: line('info'), debug: line('debug') };
  const stop = new AbortController();
  const local = { host: '127.0.0.1', port: 0 };
  const untilHttp = async () => {
    const find = () =>
      logged.map((text) => /"ready":"http:\/\/127\.0\.0\.1:(\d+)/.exec(text)?.[1]).find((port) => port);
    await until(() => find() !== undefined, { what: 'the address of the pages in the log' });
    return Number(find());
  };
  const started = startDiscoveryServer({
    ...options,
    sources: [source, ...sources],
    xdsAddress: local,
    httpAddress: local,
    cluster: 'c1',
    domainSuffix: 'cluster.local',
    version: '1.2.3',
    log,
    signal: stop.signal,
  });
  test.after(async () => {
    stop.abort();
    const server = await started.catch(() => undefined);
    await server?.close(0);
  });
  // The source runs before this is said.
  const port = await untilHttp();
  const get = async (path: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${await untilHttp()}${path}`, init);
  return {
    source,
    started,
    logged,
    httpPort: port,
    get,
    json: async (path) => (await get(path)).json(),
  };
}
