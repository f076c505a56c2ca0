/** What tests do with a Consul over its HTTP API. */

/** A service as an agent or the catalog is told of it; fields as Consul spells them. */
export interface Registration {
  /** The name when absent. */
  readonly ID?: string;
  readonly Name: string;
  readonly Address?: string;
  readonly Port?: number;
  readonly Tags?: readonly string[];
  readonly Meta?: { readonly [key: string]: string };
  readonly Weights?: { readonly Passing: number; readonly Warning: number };
  readonly TaggedAddresses?: { readonly [name: string]: { readonly Address: string; readonly Port: number } };
  /** Whether there is a check, of type TTL; its state is what `check` says, and this at first. */
  readonly status?: CheckStatus;
}

export type CheckStatus = 'passing' | 'warning' | 'critical';

/** An instance as `/v1/health/service` tells it. */
export interface Told {
  readonly Node: { readonly Node: string; readonly Address: string };
  readonly Service: { readonly ID: string; readonly Service: string; readonly Address: string; readonly Port: number };
  readonly Checks: readonly { readonly CheckID: string; readonly Status: CheckStatus }[];
}

/** An answer with what its headers say. */
export interface Answered {
  readonly status: number;
  readonly index: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface ConsulApi {
  /** The JSON of the answer; undefined when it is empty. Rejects on any status but 200. */
  request(method: 'GET' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<unknown>;
  /** Any answer at all. */
  get(path: string, headers?: { readonly [name: string]: string }): Promise<Answered>;
  /** As the catalog has them, whatever their health. */
  instances(name: string): Promise<readonly Told[]>;
  /** With the agent, which keeps it in the catalog. */
  register(service: Registration): Promise<void>;
  deregister(id: string): Promise<void>;
  /** Says how an instance is that was registered with a `status`. */
  check(id: string, status: CheckStatus): Promise<void>;
  /** Takes an instance into maintenance and out of it; the node itself when nothing is named. */
  beginMaintenance(id?: string): Promise<void>;
  endMaintenance(id?: string): Promise<void>;
  /** A node without an agent, and a service there, written to the catalog itself. */
  registerFar(node: string, address: string, service?: Registration): Promise<void>;
  deregisterFar(node: string, id?: string): Promise<void>;
}

const checkWords: { readonly [status in CheckStatus]: string } = { passing: 'pass', warning: 'warn', critical: 'fail' };

/** Longer than a server without a leader takes to say so. */
const mostMs = 15_000;

export function consulApi(url: URL, token?: string): ConsulApi {
  const headers = token === undefined ? undefined : { 'x-consul-token': token };
  const signal = () => AbortSignal.timeout(mostMs);
  const request: ConsulApi['request'] = async (method, path, body) => {
    const init = { method, signal: signal(), ...(headers && { headers }) };
    const response = await fetch(
      new URL(path, url),
      body === undefined ? init : { ...init, body: JSON.stringify(body) },
    );
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  const put = async (path: string, body?: unknown) => void (await request('PUT', path, body));
  const maintenance = (id: string | undefined, isOn: string) =>
    put(
      `/v1/agent/${id === undefined ? '' : `service/`}maintenance${id === undefined ? '' : `/${encodeURIComponent(id)}`}?enable=${isOn}`,
    );
  return {
    request,
    async get(path, more) {
      const response = await fetch(new URL(path, url), { headers: { ...headers, ...more }, signal: signal() });
      const index = Number(response.headers.get('x-consul-index') ?? Number.NaN);
      return { status: response.status, index, headers: response.headers, text: await response.text() };
    },
    instances: async (name) =>
      (await request('GET', `/v1/health/service/${encodeURIComponent(name)}`)) as readonly Told[],
    async register({ status, ...service }) {
      const id = service.ID ?? service.Name;
      const check = status && { CheckID: `service:${id}`, TTL: '24h', Status: status };
      await put('/v1/agent/service/register', { ...service, ...(check && { Check: check }) });
    },
    deregister: (id) => put(`/v1/agent/service/deregister/${encodeURIComponent(id)}`),
    check: (id, status) => put(`/v1/agent/check/${checkWords[status]}/${encodeURIComponent(`service:${id}`)}`),
    beginMaintenance: (id) => maintenance(id, 'true'),
    endMaintenance: (id) => maintenance(id, 'false'),
    async registerFar(node, address, service) {
      const { status, Name, ...rest } = service ?? { Name: '' };
      const id = rest.ID ?? Name;
      await put('/v1/catalog/register', {
        Node: node,
        Address: address,
        ...(service && { Service: { ...rest, ID: id, Service: Name } }),
        ...(status && { Check: { CheckID: `service:${id}`, Name: 'state', Status: status, ServiceID: id } }),
      });
    },
    deregisterFar: (node, id) =>
      put('/v1/catalog/deregister', { Node: node, ...(id !== undefined && { ServiceID: id }) }),
  };
}
