/** Every page of the console, by path. */
import { configDumpPage } from './config-dump.ts';
import { configzPage, problemsPage } from './configz.ts';
import { connectionsPage } from './connections.ts';
import type { ConsoleData } from './data.ts';
import { endpointzPage } from './endpointz.ts';
import { json, type Page, text } from './http-server.ts';
import type { Metrics } from './metrics.ts';
import { originzPage } from './originz.ts';
import { registryzPage } from './registryz.ts';
import { synczPage } from './syncz.ts';

export function pages(data: ConsoleData, metrics: Metrics): ReadonlyMap<string, Page> {
  const all = new Map<string, Page>([
    ['/ready', readyPage(data)],
    ['/version', () => json({ version: data.version })],
    ['/metrics', async () => ({ status: 200, contentType: metrics.contentType, body: await metrics.text() })],
    ['/debug/syncz', synczPage(data)],
    ['/debug/connections', connectionsPage(data)],
    ['/debug/registryz', registryzPage(data)],
    ['/debug/endpointz', endpointzPage(data)],
    ['/debug/configz', configzPage(data)],
    ['/debug/problems', problemsPage(data)],
    ['/debug/config_dump', configDumpPage(data)],
    ['/debug/originz', originzPage(data)],
  ]);
  all.set('/', () => text(`${[...all.keys()].filter((path) => path !== '/').join('\n')}\n`));
  return all;
}

/** Ready as soon as every source has delivered its first full list: before that, proxies would be told of half a mesh. */
function readyPage({ isReady, sources }: ConsoleData): Page {
  return () =>
    isReady()
      ? text('ready\n')
      : text(
          `waiting for ${sources()
            .filter(({ isSynced }) => !isSynced)
            .map(({ name }) => name)
            .join(', ')}\n`,
          503,
        );
}
