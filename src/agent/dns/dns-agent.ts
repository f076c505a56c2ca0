/** The DNS of a pod: names as the control plane tells of them, at a port that questions are redirected to. */
import type { Log } from '../../lib/log.ts';
import type { SocketAddress } from '../static-resources.ts';
import { XdsStream, type XdsStreamOptions } from '../xds-stream.ts';
import { readNameTable } from './name-table.ts';
import { Names, type NamesOptions } from './names.ts';
import { DnsServer, type DnsServerOptions } from './server.ts';
import type { Upstream } from './upstream.ts';

export interface DnsAgentOptions extends NamesOptions, Pick<XdsStreamOptions, 'xds' | 'node'> {
  /** Where it answers, over UDP and TCP. */
  readonly address: SocketAddress;
  readonly upstreams: readonly Upstream[];
  readonly log: Log;
  readonly onAnswer?: DnsServerOptions['onAnswer'];
}

/** `nameType` of the control plane: a table of one host in each resource. */
const type = 'type.googleapis.com/fairway.dns.v1.Name';

export class DnsAgent {
  readonly names: Names;
  readonly #server: DnsServer;
  readonly #stream: XdsStream;
  #isTold = false;

  constructor(options: DnsAgentOptions) {
    const { address, upstreams, log, onAnswer, xds, node } = options;
    this.names = new Names(options);
    const common = { ...address, names: this.names, upstreams, log };
    this.#server = new DnsServer(onAnswer === undefined ? common : { ...common, onAnswer });
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

  /** Yields the port. Rejected when it cannot be had. */
  async start(): Promise<number> {
    const port = await this.#server.listen();
    this.#stream.start();
    return port;
  }

  async close(): Promise<void> {
    this.#stream.close();
    await this.#server.close();
  }
}
