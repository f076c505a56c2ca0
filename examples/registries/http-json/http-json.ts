/**
 * An adapter for registries that answer one GET with all their services as JSON:
 *
 *   {"services": [{"name": "reviews", "port": 9080, "protocol": "http", "instances": [
 *     {"id": "a", "address": "10.0.0.1", "port": 8080, "healthy": true, "labels": {"version": "v1"}}]}]}
 *
 * fairway serve --registry './http-json.ts:http://127.0.0.1:8080/services?namespace=shop&interval=5s'
 */
import {
  type CatalogInstance,
  type CatalogService,
  type CreateCatalog,
  parseProtocol,
  polledCatalog,
  type ReadService,
} from 'fairway/registry';

interface Options {
  readonly url: URL;
  readonly namespace: string;
  readonly intervalMs: number;
}

/** No answer may be longer: whoever answers may have gone wrong. */
const mostBytes = 64 * 1024 * 1024;

export const createCatalog: CreateCatalog = (text, { domainSuffix, userAgent }) => {
  const { url, namespace, intervalMs } = parseOptions(text);
  /** Of the last whole answer. */
  let etag: string | undefined;

  async function get(headers: { readonly [name: string]: string }, signal: AbortSignal): Promise<Response> {
    const response = await fetch(url, { headers: { 'user-agent': userAgent, ...headers }, signal }).catch(
      (error: Error) => {
        const { message } = (error.cause as Error | undefined) ?? error;
        throw new Error(`cannot reach ${url.origin}: ${message}`);
      },
    );
    if (!response.ok && response.status !== 304) throw new Error(`expected 200 of ${url}, found ${response.status}`);
    return response;
  }

  async function servicesIn(response: Response): Promise<ReadonlyMap<string, ReadService>> {
    const listed = parseList(await textOf(response));
    return new Map(listed.map((entry, i) => [nameOf(entry) ?? `services[${i}]`, toService(entry)]));
  }

  /** What Fairway is told of an entry. One that is wrong must not hide the others. */
  function toService(entry: unknown): ReadService {
    const name = nameOf(entry);
    if (!isObject(entry) || name === undefined)
      return { fault: `expected a service with a name, found ${typeof entry}` };
    const { port, protocol = '', instances } = entry;
    if (typeof port !== 'number') return { fault: `port: expected a number, found ${JSON.stringify(port)}` };
    if (!Array.isArray(instances)) return { fault: `instances: expected a list, found ${JSON.stringify(instances)}` };
    return {
      hostnames: [`${name}.${namespace}.svc.${domainSuffix}`.toLowerCase()],
      namespace,
      ports: [{ number: port, name: 'main', protocol: parseProtocol(String(protocol)) }],
      instances: instances.map(toInstance),
    };
  }

  return polledCatalog({
    name: `http-json/${url.host}`,
    kind: 'HttpJsonService',
    intervalMs,
    async read(signal) {
      const response = await get(etag === undefined ? {} : { 'if-none-match': etag }, signal);
      if (response.status === 304) return undefined;
      const services = await servicesIn(response);
      etag = response.headers.get('etag') ?? undefined;
      return services;
    },
    async reread(name, signal): Promise<CatalogService | undefined> {
      const service = (await servicesIn(await get({ 'cache-control': 'no-cache' }, signal))).get(name);
      if (service !== undefined && 'fault' in service) throw new Error(service.fault);
      return service;
    },
  });
};

/** The form of what stands in here is checked by Fairway: a wrong instance is left out, and told of. */
function toInstance({ id, address, port, healthy, labels }: { readonly [field: string]: unknown }): CatalogInstance {
  const instance = { id, address, ports: { main: port }, health: healthy === false ? 'unhealthy' : 'healthy' };
  return (labels === undefined ? instance : { ...instance, labels }) as CatalogInstance;
}

/** Throws an Error, which Fairway shows to whoever has started it. */
function parseOptions(text: string): Options {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new Error(`expected a URL such as http://127.0.0.1:8080/services, found ${JSON.stringify(text)}`);
  const { namespace = 'default', interval = '5s', ...unknown } = Object.fromEntries(url.searchParams);
  const [other] = Object.keys(unknown);
  if (other !== undefined) throw new Error(`expected namespace or interval after the ?, found ${other}`);
  const [, amount, unit] = /^(\d+)(ms|s)$/.exec(interval) ?? [];
  if (amount === undefined) throw new Error(`expected an interval such as 5s, found ${JSON.stringify(interval)}`);
  url.search = '';
  return { url, namespace, intervalMs: Number(amount) * (unit === 's' ? 1000 : 1) };
}

function parseList(text: string): readonly unknown[] {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new Error(`expected JSON, found ${JSON.stringify(text.slice(0, 80))}`);
  }
  if (!isObject(answer) || !Array.isArray(answer.services)) throw new Error('expected a list services, found none');
  return answer.services;
}

async function textOf(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > mostBytes) throw new Error(`expected at most ${mostBytes} bytes, found more`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

function nameOf(entry: unknown): string | undefined {
  return isObject(entry) && typeof entry.name === 'string' && entry.name !== '' ? entry.name : undefined;
}

function isObject(value: unknown): value is { readonly [field: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
