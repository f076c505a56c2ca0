/** What the agent asks of its Envoy's admin interface. */
import { type Answer, ask } from './http-get.ts';
import type { SocketAddress } from './static-resources.ts';

const timeoutMs = 2000;

export class EnvoyAdmin {
  readonly #address: SocketAddress;

  constructor(address: SocketAddress) {
    this.#address = address;
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

  /** Envoy takes no new connections, and tells those that are there to end. */
  async drain(): Promise<void> {
    await this.#ask('POST', '/drain_listeners?graceful');
  }

  /** How many connections others have to its listeners, those for probes and statistics left out. */
  async connections(): Promise<number> {
    const { body } = await this.#ask('GET', '/stats?filter=^listener\\..*\\.downstream_cx_active$&format=json');
    const { stats } = JSON.parse(body) as {
      readonly stats: readonly { readonly name?: string; readonly value?: number }[];
    };
    return stats
      .filter(({ name = '' }) => !/^listener\.(admin|.*_(15021|15090))\./.test(name))
      .reduce((sum, { value = 0 }) => sum + value, 0);
  }

  #ask(method: 'GET' | 'POST', path: string): Promise<Answer> {
    return ask({ ...this.#address, method, path, timeoutMs });
  }
}
