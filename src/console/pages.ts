/** Every page of the console, by path. */
import { configDumpPage } from './config-dump.ts';
import { configzPage } from './configz.ts';
import { connectionsPage } from './connections.ts';
import type { ConsoleData, VisibleSource } from './data.ts';
import { endpointShardzPage, endpointzPage } from './endpointz.ts';
import { type Answer, json, listOf, type Page, text } from './http-server.ts';
import { leaderPage } from './leader.ts';
import type { Metrics } from './metrics.ts';
import { originzPage } from './originz.ts';
import { problemsPage } from './problems.ts';
import { registriesPage } from './registries.ts';
import { registryzPage } from './registryz.ts';
import { sourcesPage } from './sources.ts';
import { synczPage } from './syncz.ts';

export function pages(data: ConsoleData, metrics: Metrics): ReadonlyMap<string, Page> {
  const all = new Map<string, Page>();
  const add = (path: string, about: string, answer: Answer) => all.set(path, { about, answer });
  const list: Answer = () => text(listOf(all));
  add('/', 'this list', list);
  add('/ready', '200 while proxies are served, 503 before and while it stops', readyPage(data));
  add('/version', 'the version that runs', () => json({ version: data.version }));
  add('/metrics', 'metrics for Prometheus', async () => ({
    status: 200,
    contentType: metrics.contentType,
    body: await metrics.text(),
  }));
  add('/debug', 'this list', list);
  add('/debug/list', 'this list', list);
  for (const [path, page] of debugPages(data)) all.set(path, page);
  return all;
}

/** The pages that istioctl and its like know, and ours beside them. */
export function debugPages(data: ConsoleData): ReadonlyMap<string, Page> {
  const all = new Map<string, Page>();
  const add = (path: string, about: string, answer: Answer) => all.set(path, { about, answer });
  add('/debug/syncz', 'for each proxy and type: what was sent, confirmed and rejected', synczPage(data));
  add('/debug/connections', 'who is connected, and what each asks for', connectionsPage(data));
  add('/debug/registryz', 'every service', registryzPage(data));
  add('/debug/endpointz', 'the endpoints of each port of each service', endpointzPage(data));
  add('/debug/endpointShardz', 'the endpoints of each host, as sources report them', endpointShardzPage(data));
  add('/debug/configz', 'the rules in force', configzPage(data));
  add(
    '/debug/config_dump',
    '?proxyID=: what a proxy is to hold; &types=cds,rds: only that; &include_eds',
    configDumpPage(data),
  );
  add(
    '/debug/originz',
    '?proxyID=: the objects behind each resource, with file and line; &type=rds&name=',
    originzPage(data),
  );
  add('/debug/problems', 'what is wrong with the objects of users', problemsPage(data));
  add('/debug/registries', 'every registry, how well it can be seen, and how much it states', registriesPage(data));
  add('/debug/sources', 'where objects come from, and whether that can be seen', sourcesPage(data));
  add('/debug/leader', 'which replica writes statuses', leaderPage(data));
  return all;
}

/**
 * Ready while proxies are served: not before every source has delivered its first full list, and not while it stops. A source
 * that cannot be seen is named; what it said last is served on.
 */
function readyPage({ state, sources }: ConsoleData): Answer {
  return () => {
    const lines = sources().flatMap(readyLines);
    switch (state()) {
      case 'serving':
        return text(`ready\n${lines.join('')}`);
      case 'stopping':
        return text('stopping\n', 503);
      case 'starting':
        return text(lines.length === 0 ? 'starting\n' : lines.join(''), 503);
    }
  };
}

function readyLines({ name, isSynced, visibility, held = 0 }: VisibleSource): readonly string[] {
  const isUnseen = visibility.state === 'stale' || visibility.state === 'lost';
  if (!isSynced) return [`waiting for ${name}${isUnseen ? `: ${visibility.reason}` : ''}\n`];
  return [
    ...(isUnseen
      ? [`${visibility.state} ${name} since ${new Date(visibility.sinceMs).toISOString()}: ${visibility.reason}\n`]
      : []),
    ...(held === 0 ? [] : [`holding ${held} instances that ${name} does not name any more\n`]),
  ];
}
