/** What the agent asks of its Envoy's admin interface. */
import { type Answer, ask } from './http-get.ts';
import type { SocketAddress } from './static-resources.ts';

/** Who is connected to an Envoy's listeners; probes, statistics and the admin interface itself are left out. */
export interface Downstream {
  readonly connections: number;
  /** Requests that are being answered, and connections of other protocols than HTTP. */
  readonly busy: number;
}

const timeoutMs = 2000;

export class EnvoyAdmin {
  readonly #address: SocketAddress;
  readonly #ownPorts: readonly number[];

  /** `ownPorts` are those of listeners that serve the proxy itself. */
  constructor(address: SocketAddress, ownPorts: readonly number[]) {
    this.#address = address;
    this.#ownPorts = ownPorts;
  }

  /** Undefined when Envoy serves what it was told; else what it waits for. */
  async whyNotReady(): Promise<string | undefined> {
    try {
      const { status, body } = await this.#ask('GET', '/ready');
      return status === 200 ? undefined : `Envoy says ${body.trim().slice(0, 100)}`;
    } catch (error) {
      return `Envoy does not answer: ${(error as Error).message}`;
    }
  }

  /**
   * Envoy tells whoever is connected to end, and closes its listeners when its drain time is over. A sidecar does so with
   * `inbound` ones alone: the application may need others until its last request is answered.
   */
  async drain(which: 'all' | 'inbound'): Promise<void> {
    const { status } = await this.#ask('POST', `/drain_listeners?${which === 'all' ? '' : 'inboundonly&'}graceful`);
    if (status !== 200) throw new Error(`expected 200, found ${status}`);
  }

  /** The id of the node that an Envoy there says it is; undefined where nobody listens. Rejected when it is no Envoy. */
  async nodeId(): Promise<string | undefined> {
    try {
      const { body } = await this.#ask('GET', '/server_info');
      return (JSON.parse(body) as ServerInfo).node?.id ?? '';
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return undefined;
      throw error;
    }
  }

  /** Envoy ends at once. */
  async quit(): Promise<void> {
    await this.#ask('POST', '/quitquitquit');
  }

  async downstream(): Promise<Downstream> {
    const filter = encodeURIComponent('^(listener|http)\\..*\\.downstream_(cx|rq)_active$');
    const { body } = await this.#ask('GET', `/stats?filter=${filter}&format=json`);
    return readDownstream(JSON.parse(body) as Stats, this.#ownPorts);
  }

  #ask(method: 'GET' | 'POST', path: string): Promise<Answer> {
    return ask({ ...this.#address, method, path, timeoutMs });
  }
}

interface ServerInfo {
  readonly node?: { readonly id?: string };
}

interface Stats {
  readonly stats: readonly { readonly name?: string; readonly value?: number }[];
}

function readDownstream({ stats }: Stats, ownPorts: readonly number[]): Downstream {
  // Those of single workers are in the sum already.
  const others = stats.filter(({ name = '' }) => !name.includes('.worker_') && !isOwn(name, ownPorts));
  const sum = (pattern: RegExp) =>
    others.reduce((sum, { name = '', value = 0 }) => (pattern.test(name) ? sum + value : sum), 0);
  const connections = sum(/^listener\..*\.downstream_cx_active$/);
  const ofHttp = sum(/^http\..*\.downstream_cx_active$/);
  return { connections, busy: Math.max(0, connections - ofHttp) + sum(/^http\..*\.downstream_rq_active$/) };
}

/** Such as `listener.0.0.0.0_15021.…`, `http.own_15021.…`, `http.admin.…`. */
function isOwn(name: string, ports: readonly number[]): boolean {
  return /^(listener|http)\.admin\./.test(name) || ports.some((port) => name.includes(`_${port}.downstream_`));
}
