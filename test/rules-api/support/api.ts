/** An API for rules that runs in the test's process, and a client of it. */
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Origin } from '../../../src/model/origin.ts';
import { ObjectStore } from '../../../src/rules-api/object-store.ts';
import { createRulesApi } from '../../../src/rules-api/server.ts';
import { type RecordingSink, recordingSink } from '../../support/recording-sink.ts';
import { type TempFolder, tempFolder } from '../../support/temp-folder.ts';

export const token = 'a-token-of-some-length';
export const yaml = { 'content-type': 'application/yaml' };

export interface Answered {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: string | Uint8Array;
}

export interface RunningApi {
  readonly port: number;
  readonly folder: TempFolder;
  /** What the control plane would be told. */
  readonly sink: RecordingSink;
  readonly logged: readonly string[];
  /** Asks with the token unless headers say otherwise. */
  ask(path: string, asking?: Asking): Promise<Answered>;
  put(path: string, body: string, headers?: Asking['headers']): Promise<Answered>;
}

export interface ApiOptions {
  readonly folder?: TempFolder;
  readonly originsOf?: (key: string) => readonly Origin[];
  readonly patienceMs?: number;
  readonly budgetMs?: number;
}

/** Runs until the test ends. */
export async function runApi(
  test: { after(cleanup: () => void | Promise<void>): void },
  { folder = tempFolder(test), originsOf = () => [], ...options }: ApiOptions = {},
): Promise<RunningApi> {
  folder.write('token', `${token}\n`);
  mkdirSync(folder.at('objects'), { recursive: true });
  const sink = recordingSink();
  const logged: string[] = [];
  const line =
    (level: string) =>
    (message: string, fields: { readonly resource?: unknown } = {}) =>
      logged.push(`${level} ${fields.resource === undefined ? '' : `${fields.resource}: `}${message}`);
  const log = { error: line('error'), warn: line('warn'), info: line('info'), debug: line('debug') };
  const store = new ObjectStore({ folder: folder.at('objects'), now: () => Date.parse('2026-06-01T10:00:00.123Z') });
  const api = createRulesApi({ store, tokenPath: folder.at('token'), log, originsOf, ...options });
  test.after(() => api.close());
  await store.source.run(sink, new AbortController().signal);
  const { port } = await api.listen({ host: '127.0.0.1', port: 0 });
  const ask = (path: string, { method = 'GET', headers = {}, body = '' }: Asking = {}) =>
    askAt({ port, path, method, headers: { authorization: `Bearer ${token}`, ...headers }, body });
  return {
    port,
    folder,
    sink,
    logged,
    ask,
    put: (path, body, headers = {}) => ask(path, { method: 'PUT', headers: { ...yaml, ...headers }, body }),
  };
}

export async function askAt({
  body = '',
  ...options
}: Required<Pick<Asking, 'method' | 'headers'>> &
  Pick<Asking, 'body'> & { readonly port: number; readonly path: string }): Promise<Answered> {
  const asked = request({ host: '127.0.0.1', ...options });
  asked.end(body);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

export const rules = '/apis/networking.istio.io/v1/namespaces/shop/virtualservices';

/** A VirtualService that answers with a status. */
export function rule(name: string, status = 418): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}, namespace: shop}
spec:
  hosts: [${name}]
  http:
  - directResponse: {status: ${status}}
`;
}
