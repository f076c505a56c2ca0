/**
 * What istioctl and its like ask over xDS, under Istio's names; the facts are those of the pages. Who could not read the
 * pages is refused. A proxy on its own stream is told of itself alone, whatever it asks.
 */
import type { Address } from '../lib/address.ts';
import { isLoopback, isUnspecified } from '../lib/ip.ts';
import { jsonResource, textResource } from '../resource/any.ts';
import type { Resource } from '../resource/resource.ts';
import {
  type DebugAnswer,
  type DebugQuestion,
  dumpType,
  PermissionError,
  pageType,
  syncType,
} from '../xds/debug-stream.ts';
import { configDump } from './config-dump.ts';
import { named, notConnected } from './connections.ts';
import type { ConsoleData } from './data.ts';
import { listOf } from './http-server.ts';
import { debugPages } from './pages.ts';
import { clientConfig } from './syncz.ts';

/** Where pages and proxies are served. */
export interface Served {
  readonly http: Address;
  readonly xds: Address;
}

/** Pages that say nothing but what concerns the connections that they are given. */
const pagesOfProxies: ReadonlySet<string> = new Set(['/debug/syncz', '/debug/connections', '/debug/config_dump']);

export function debugAnswer(data: ConsoleData, served: Served): DebugAnswer {
  return async (question) => {
    const { type, names, connection, peer } = question;
    if (connection === undefined && !reachesPages(peer, served))
      throw new PermissionError(
        `expected questions of istio.io/debug from where the pages on ${served.http.host} can be read, found ${peer}`,
      );
    const own = () => data.connections().filter(({ proxy }) => proxy.connection === connection);
    const seen = connection === undefined ? data : { ...data, connections: own };
    switch (type) {
      case syncType:
        return syncResources(seen, names);
      case dumpType:
        return dumpResources(seen, names);
      default:
        return [await pageResource(seen, question)];
    }
  };
}

/** Who is on this machine reaches every page, and so does everybody who reaches proxies' port where both are served alike. */
function reachesPages(peer: string, { http, xds }: Served): boolean {
  const host = peer.slice(0, peer.lastIndexOf(':')).replace(/^::ffff:/, '');
  return isLoopback(host) || isUnspecified(http.host) || http.host === xds.host;
}

function syncResources({ connections }: ConsoleData, names: readonly string[]): readonly Resource[] {
  const chosen = names.length === 0 ? connections() : named(connections(), new Set(names));
  return chosen.map((one) => jsonResource(one.proxy.connection, clientConfig(one)));
}

function dumpResources(data: ConsoleData, names: readonly string[]): readonly Resource[] {
  const [name = ''] = names;
  if (names.length !== 1)
    return [
      textResource(name, dumpType, `expected the name of one proxy such as pod.namespace, found ${names.length}`),
    ];
  // A proxy that has come back may not have gone yet.
  const found = named(data.connections(), new Set(names)).at(-1);
  // Istioctl goes on to the next control plane when it reads this.
  if (found === undefined) return [textResource(name, dumpType, notConnected)];
  return configDump(found, data, 'with endpoints').map((section) => jsonResource(section['@type'], section));
}

async function pageResource(data: ConsoleData, { names, connection }: DebugQuestion): Promise<Resource> {
  const [name = ''] = names;
  if (names.length !== 1)
    return textResource(
      name,
      pageType,
      `expected one name such as syncz or config_dump?proxyID=web.shop, found ${names.length}`,
    );
  const pages = new Map([...debugPages(data)].filter(([path]) => connection === undefined || pagesOfProxies.has(path)));
  const at = URL.parse(`/debug/${name}`, 'http://localhost');
  const page = at === null ? undefined : pages.get(at.pathname);
  if (at?.pathname === '/debug/list') return textResource(name, pageType, listOf(pages));
  // Istioctl lists what there is when it reads this.
  if (at === null || page === undefined)
    return textResource(name, pageType, `404 page not found: expected one of these, found ${name}:\n${listOf(pages)}`);
  const { body } = await page.answer(at.searchParams);
  return textResource(name, pageType, body);
}
