/** The thread that an adapter lives in: it loads it, runs it when it is told to, and passes on what it says. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Log } from '../../lib/log.ts';
import type { Catalog, CatalogChange } from '../../model/catalog.ts';
import type { Sink } from '../../model/source.ts';
import { AdapterError, loadCatalog } from './load.ts';
import type { Said, ThreadData, Told } from './messages.ts';

const { place, domainSuffix, userAgent } = workerData as ThreadData;

function say(said: Said): void {
  parentPort?.postMessage(said);
}

const line =
  (level: keyof Log): Log[keyof Log] =>
  (message, fields) =>
    say({ log: level, message: String(message), fields });
const log: Log = { error: line('error'), warn: line('warn'), info: line('info'), debug: line('debug') };

/** What cannot be cloned, such as an object with functions, is no plain data: what is wrong with it goes in its place. */
function call(name: keyof Sink<CatalogChange>, ...args: readonly unknown[]): void {
  try {
    say({ call: name, args });
  } catch (error) {
    say({ call: name, args: [messageOf(error)] });
  }
}

const sink: Sink<CatalogChange> = {
  apply: (changes) => call('apply', changes),
  synced: () => call('synced'),
  problems: (part, problems) => call('problems', part, problems),
  freshness: (freshness) => call('freshness', freshness),
};

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function serve(catalog: Catalog): void {
  const stop = new AbortController();
  const questions = new Map<number, AbortController>();
  const run = async () => {
    try {
      await catalog.run(sink, stop.signal);
      say({ ended: true });
    } catch (error) {
      say({ ended: true, error: messageOf(error) });
    }
  };
  const reread = async (name: string, number: number) => {
    const question = new AbortController();
    questions.set(number, question);
    try {
      say({ answered: number, service: await catalog.reread?.(name, question.signal) });
    } catch (error) {
      say({ answered: number, error: messageOf(error) });
    }
    questions.delete(number);
  };
  parentPort?.on('message', (told: Told) => {
    if ('run' in told) void run();
    else if ('abort' in told) stop.abort();
    else if ('reread' in told) void reread(told.reread, told.number);
    else questions.get(told.forget)?.abort();
  });
}

try {
  const catalog = await loadCatalog(place, { log, domainSuffix, userAgent });
  serve(catalog);
  const { name, kind, reread } = catalog;
  say({ created: { name, kind, canReread: reread !== undefined } });
} catch (error) {
  if (!(error instanceof AdapterError)) throw error;
  say({ refused: error.message });
}
