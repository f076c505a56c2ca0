/**
 * Keeps local pods registered with an agent of Consul, whatever becomes of the agent.
 *
 *      pods that are to be known ─┐
 *      what the agent has ────────┴─► register, pass, fail, deregister ─► agent
 *
 * An agent that has lost its state, or from which somebody has taken an instance, has it again after `lookMs`.
 */
import { type Clock, systemClock } from '../lib/clock.ts';
import { decodeOr } from '../lib/decode-or.ts';
import { delay } from '../lib/delay.ts';
import { equal } from '../lib/equal.ts';
import { ConnectionError, type HttpClient } from '../lib/http-client.ts';
import type { Log } from '../lib/log.ts';
import { any, map } from '../lib/schema.ts';
import { type Registration, registrationOf } from './consul-registration.ts';
import type { PodState } from './endpoint-slices.ts';

export interface ConsulRegistrarOptions {
  readonly client: Pick<HttpClient, 'open' | 'text' | 'close'>;
  readonly log: Log;
  readonly clock?: Clock;
}

/** How often the agent is asked what it has when nothing has changed, in milliseconds: it is on this machine, or near. */
const lookMs = 1000;

export class ConsulRegistrar {
  readonly #client: ConsulRegistrarOptions['client'];
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  /** What the agent is to have, by id. */
  #wanted: ReadonlyMap<string, Registration> = new Map();
  /** What it has been told. */
  readonly #told = new Map<string, Registration>();
  #rest = new AbortController();
  #fault: string | undefined;
  readonly #ended: Promise<void>;

  constructor({ client, log, clock = systemClock }: ConsulRegistrarOptions) {
    this.#client = client;
    this.#log = log;
    this.#clock = clock;
    this.#ended = this.#run();
  }

  /** These pods, and no others of those that it was told of earlier, are to be registered. */
  report(pods: readonly PodState[]): void {
    const wanted = new Map(pods.map(registrationOf).map((registration) => [registration.ID, registration]));
    if (equal([...wanted], [...this.#wanted])) return;
    this.#wanted = wanted;
    this.#rest.abort();
  }

  /** Takes all pods out of the agent, and stops; resolves when they are, or the agent does not answer. */
  async withdraw(): Promise<void> {
    await this.#end();
    this.#wanted = new Map();
    await this.#adjust();
    this.#client.close();
  }

  /** Leaves everything in the agent as it is. */
  async stop(): Promise<void> {
    await this.#end();
    this.#client.close();
  }

  #end(): Promise<void> {
    this.#stop.abort();
    this.#rest.abort();
    return this.#ended;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#rest = new AbortController();
      await this.#adjust();
      // What has changed in the meantime does not wait.
      await delay(this.#clock, lookMs, this.#rest.signal);
    }
  }

  /** Brings the agent to what is wanted, as far as it can be reached. */
  async #adjust(): Promise<void> {
    if (this.#wanted.size === 0 && this.#told.size === 0) return;
    try {
      const wanted = this.#wanted;
      const found = await this.#services();
      for (const id of [...this.#told.keys()].filter((one) => !wanted.has(one))) await this.#deregister(id);
      for (const registration of wanted.values()) await this.#bring(registration, found.has(registration.ID));
      this.#fault = undefined;
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      if (error.message !== this.#fault)
        this.#log.warn(`${error.message}; tried again every second`, { registry: 'consul' });
      this.#fault = error.message;
    }
  }

  async #bring(registration: Registration, isThere: boolean): Promise<void> {
    const { ID, Check } = registration;
    const told = isThere ? this.#told.get(ID) : undefined;
    if (equal(told, registration)) return;
    const isOnlyOtherwise = told !== undefined && equal({ ...told, Check }, registration);
    if (isOnlyOtherwise)
      await this.#put(
        `/v1/agent/check/${Check.Status === 'passing' ? 'pass' : 'fail'}/${encodeURIComponent(Check.CheckID)}`,
      );
    else await this.#put('/v1/agent/service/register', registration);
    this.#told.set(ID, registration);
  }

  async #deregister(id: string): Promise<void> {
    await this.#put(`/v1/agent/service/deregister/${encodeURIComponent(id)}`);
    this.#told.delete(id);
  }

  /** The ids of what the agent has. */
  async #services(): Promise<ReadonlySet<string>> {
    const text = await this.#ask('GET', '/v1/agent/services');
    const services = decodeOr(map(any), parsed(text), (message): never => {
      throw new ConnectionError(`expected the services of an agent of Consul: ${message}`);
    });
    return new Set(Object.keys(services));
  }

  #put(path: string, body?: unknown): Promise<string> {
    return this.#ask('PUT', path, body);
  }

  /** What the agent answers. Rejected with ConnectionError when it does not, or refuses. */
  async #ask(method: 'GET' | 'PUT', path: string, body?: unknown): Promise<string> {
    const response = await this.#client.open({
      method,
      path,
      ...(body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }),
    });
    const text = await this.#client.text(response);
    if (response.statusCode === 200) return text;
    throw new ConnectionError(
      `${method} ${path}: HTTP ${response.statusCode}: ${text.trim().split('\n', 1)[0]?.slice(0, 200)}`,
    );
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
