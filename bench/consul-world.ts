/** What the benchmark has registered in Consul, and how it changes. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckStatus, ConsulApi } from '../test/consul/support/api.ts';
import { randomOf } from '../test/kubernetes/support/random.ts';

export interface ConsulWorldSize {
  readonly services: number;
  /** Of each service. */
  readonly instances: number;
}

/** So many writes are under way at one time. */
const writers = 16;
/** Instances live at nodes without agents. */
const nodes = 50;

export class ConsulWorld {
  readonly #consul: ConsulApi;
  readonly #size: ConsulWorldSize;
  readonly #random = randomOf(1);

  constructor(consul: ConsulApi, size: ConsulWorldSize) {
    this.#consul = consul;
    this.#size = size;
  }

  nameOf(service: number): string {
    return `service-${service}`;
  }

  /** A service whose number is even (0) or odd (1). */
  anyService(parity: 0 | 1): number {
    return 2 * Math.floor((this.#random() * this.#size.services) / 2) + parity;
  }

  /** Registers everything. */
  async fill(): Promise<void> {
    const { services, instances } = this.#size;
    let next = 0;
    const writer = async () => {
      for (let service = next++; service < services; service = next++)
        for (let i = 0; i < instances; i += 1) await this.register(service, i, 'passing');
    };
    await Promise.all(Array.from({ length: writers }, writer));
  }

  register(service: number, instance: number, status: CheckStatus): Promise<void> {
    const number = service * this.#size.instances + instance;
    const [node, ip] = placeOf(number);
    return this.#consul.registerFar(node, ip, {
      ID: `${this.nameOf(service)}-${instance}`,
      Name: this.nameOf(service),
      Address: `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`,
      Port: 8080,
      Tags: [`v${instance % 2}`],
      Meta: { 'istio-protocol': 'http', team: 'shop' },
      status,
    });
  }

  deregister(service: number, instance: number): Promise<void> {
    const [node] = placeOf(service * this.#size.instances + instance);
    return this.#consul.deregisterFar(node, `${this.nameOf(service)}-${instance}`);
  }

  /** Makes changes at an even pace: an instance goes or comes back, a check fails or passes again. Yields how many. */
  async churn(perSecond: number, seconds: number): Promise<number> {
    const undone: (() => Promise<void>)[] = [];
    const start = performance.now();
    let made = 0;
    for (; made < perSecond * seconds; made += 1) {
      const ahead = start + (made * 1000) / perSecond - performance.now();
      if (ahead > 0) await sleep(ahead);
      const back = undone.length > 100 || (undone.length > 0 && this.#random() < 0.5) ? undone.shift() : undefined;
      if (back !== undefined) {
        await back();
        continue;
      }
      const service = this.anyService(1);
      const instance = Math.floor(this.#random() * this.#size.instances);
      if (this.#random() < 0.5) await this.deregister(service, instance);
      else await this.register(service, instance, 'critical');
      undone.push(() => this.register(service, instance, 'passing'));
    }
    return made;
  }
}

function placeOf(number: number): readonly [node: string, ip: string] {
  return [`place-${number % nodes}`, `10.255.0.${number % nodes}`];
}
