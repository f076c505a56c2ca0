/** The DNS of a pod: names as the control plane tells of them, at a port that questions are redirected to. */
import type { Log } from '../../lib/log.ts';
import { XdsStream, type XdsStreamOptions } from '../xds-stream.ts';
import { readNameTable } from './name-table.ts';
import { Names, type NamesOptions } from './names.ts';
import { DnsServer, type DnsServerOptions } from './server.ts';

export interface DnsAgentOptions extends NamesOptions, Pick<XdsStreamOptions, 'xds' | 'node'> {
  /** Where it answers, over UDP and TCP; those of a family that the machine does not have are passed over. */
  readonly hosts: readonly string[];
  readonly port: number;
  readonly upstreams: DnsServerOptions['upstreams'];
  readonly log: Log;
  readonly onAnswer?: DnsServerOptions['onAnswer'];
}

/** `nameType` of the control plane: a table of one host in each resource. */
const type = 'type.googleapis.com/fairway.dns.v1.Name';

export class DnsAgent {
  readonly names: Names;
  readonly #options: DnsAgentOptions;
  readonly #servers: DnsServer[] = [];
  readonly #stream: XdsStream;
  #isTold = false;

  constructor(options: DnsAgentOptions) {
    const { log, xds, node } = options;
    this.#options = options;
    this.names = new Names(options);
    this.#stream = new XdsStream({
      xds,
      node,
      type,
      log,
      onChange: (changed, removed) => {
        // All are read before one counts: what cannot be read changes nothing.
        const tables = changed.map(({ name, value }) => ({ name, table: readNameTable(value) }));
        for (const { name, table } of tables) this.names.set(name, table);
        for (const name of removed) this.names.remove(name);
        this.#isTold = true;
      },
    });
  }

  /** Until names are told for the first time, those that only the mesh has would be denied. */
  get whyNotReady(): string | undefined {
    return this.#isTold ? undefined : 'the control plane has not told names for DNS yet';
  }

  /** Yields the port, which is the same everywhere. Rejected when it cannot be had; nothing is open then. */
  async start(): Promise<number> {
    const { hosts, upstreams, log, onAnswer } = this.#options;
    const common = { names: this.names, upstreams, log, ...(onAnswer === undefined ? {} : { onAnswer }) };
    let { port } = this.#options;
    let reason: unknown = new Error('expected an address for DNS, found none');
    for (const host of hosts) {
      const server = new DnsServer({ ...common, host, port });
      try {
        port = await server.listen();
        this.#servers.push(server);
      } catch (error) {
        reason = error;
        if (isOfNoFamilyHere(error)) continue;
        await this.close();
        throw error;
      }
    }
    if (this.#servers.length === 0) throw reason;
    this.#stream.start();
    return port;
  }

  async close(): Promise<void> {
    this.#stream.close();
    await Promise.all(this.#servers.map((server) => server.close()));
  }
}

function isOfNoFamilyHere(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT';
}
