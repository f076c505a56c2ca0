/**
 * The process beside an application: it writes the bootstrap, keeps an Envoy running, answers for it, and lets it go
 * gently.
 *
 *      starting ─► ready ─drain─► draining (takes no connections, lets requests end) ─► stopped
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Counter, collectDefaultMetrics, Registry } from 'prom-client';
import { formatAddress } from '../lib/address.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { delay } from '../lib/delay.ts';
import type { HttpServer } from '../lib/http.ts';
import type { Log } from '../lib/log.ts';
import { type ApplicationPlace, applicationPlace } from './application-place.ts';
import { type BootstrapOptions, bootstrap, node } from './bootstrap.ts';
import { Child } from './child.ts';
import { DnsAgent, type DnsAgentOptions } from './dns/dns-agent.ts';
import type { DrainPolicy } from './drain.ts';
import { EnvoyAdmin } from './envoy-admin.ts';
import type { Exposition } from './exposition.ts';
import { endLeftOver } from './left-over.ts';
import { type ApplicationMetrics, type MetricSources, mergedMetrics, type Scraper } from './metrics.ts';
import type { Probe } from './probes.ts';
import type { ReadinessProbe } from './readiness-probe.ts';
import { type SocketAddress, usedStats } from './static-resources.ts';
import { statusServer } from './status-server.ts';
import { WorkloadHealth } from './workload-health.ts';

export interface ProxyOptions {
  readonly bootstrap: BootstrapOptions;
  /** The Envoy to run. */
  readonly program: string;
  /** Its arguments, which a bootstrap cannot state. */
  readonly args: (bootstrapFile: string) => readonly string[];
  /** Where the bootstrap goes. */
  readonly workFolder: string;
  readonly status: SocketAddress;
  readonly probes: ReadonlyMap<string, Probe>;
  readonly applicationMetrics?: ApplicationMetrics;
  readonly drain: DrainPolicy;
  /** Answers the questions of the application to DNS; nobody does when absent. */
  readonly dns?: Pick<DnsAgentOptions, 'hosts' | 'port' | 'upstreams'>;
  /** How the application is asked whether it is ready where no kubelet does; the control plane is told. */
  readonly readiness?: ReadinessProbe;
  readonly log: Log;
  /** Told when somebody in the pod asks for the end. */
  readonly onQuit: () => void;
  readonly clock?: Clock;
}

/** How long Envoy may take to end after it has drained, in milliseconds. */
const stopGraceMs = 3000;
/** How often a draining Envoy is asked whether somebody is still there, in milliseconds. */
const drainLookMs = 100;

export class ProxyProcess {
  readonly #options: ProxyOptions;
  readonly #admin: EnvoyAdmin;
  readonly #child: Child;
  readonly #server: HttpServer;
  readonly #metrics = new Registry();
  readonly #restarts: Counter;
  readonly #failures: Counter;
  readonly #clock: Clock;
  readonly #dns: DnsAgent | undefined;
  readonly #health: WorkloadHealth | undefined;
  #drained: Promise<void> | undefined;

  constructor(options: ProxyOptions) {
    const { program, args, workFolder, log, probes, clock = systemClock } = options;
    this.#options = options;
    this.#clock = clock;
    const { admin, serving } = options.bootstrap;
    this.#admin = new EnvoyAdmin(admin, serving === undefined ? [] : [serving.statusPort, serving.prometheusPort]);
    const registers: [Registry] = [this.#metrics];
    collectDefaultMetrics({ register: this.#metrics, prefix: 'fairway_agent_' });
    this.#restarts = new Counter({
      name: 'fairway_agent_envoy_restarts_total',
      help: 'Ends of Envoy that nobody asked for',
      registers,
    });
    this.#failures = new Counter({
      name: 'fairway_agent_scrape_failures_total',
      help: 'Metrics that somebody did not answer with',
      labelNames: ['source'],
      registers,
    });
    this.#child = new Child({
      program,
      args: args(this.#bootstrapFile),
      cwd: workFolder,
      env: process.env,
      onExit: (reason, delayMs) => {
        this.#restarts.inc();
        log.error(`Envoy ended (${reason}); it is started again in ${Math.round(delayMs)} ms`);
      },
    });
    this.#dns = this.#createDns(registers);
    this.#health = this.#createHealth();
    this.#server = statusServer(
      {
        whyNotReady: () => this.whyNotReady(),
        metrics: (scraper) => this.#merged(scraper),
        probes,
        application: this.#application,
        drain: () => this.drain(),
        quit: options.onQuit,
      },
      log,
    );
  }

  get #application(): ApplicationPlace {
    const { ip, metadata } = this.#options.bootstrap;
    return applicationPlace(ip, metadata.INTERCEPTION_MODE);
  }

  get #bootstrapFile(): string {
    return join(this.#options.workFolder, 'envoy.json');
  }

  /** Yields where its status is answered. Throws ProxyStartError. */
  async start(): Promise<SocketAddress> {
    const { workFolder, status, dns, bootstrap: described } = this.#options;
    try {
      mkdirSync(workFolder, { recursive: true });
      writeFileSync(this.#bootstrapFile, JSON.stringify(bootstrap(described), null, 2));
    } catch (error) {
      throw new ProxyStartError(`cannot write ${this.#bootstrapFile}: ${(error as Error).message}`);
    }
    if (dns !== undefined) {
      const {
        port,
        hosts: [host = ''],
      } = dns;
      await taking('DNS', { host, port }, async () => this.#dns?.start());
    }
    const address = await taking('its status', status, () => this.#server.listen(status));
    await taking("Envoy's admin interface", described.admin, () =>
      endLeftOver(this.#admin, node(described).id, this.#clock, this.#options.log),
    );
    this.#child.start();
    this.#health?.start();
    return address;
  }

  async whyNotReady(): Promise<string | undefined> {
    if (this.#drained !== undefined) return 'draining';
    return (await this.#admin.whyNotReady()) ?? this.#dns?.whyNotReady;
  }

  /** Resolves when nobody is there any more, or the time for it is over. */
  drain(): Promise<void> {
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  /** Drains, and ends Envoy; resolves when it is gone. */
  async stop(): Promise<void> {
    await this.drain();
    await this.#child.stop(stopGraceMs);
    this.#health?.close();
    await this.#dns?.close();
    await this.#server.close();
  }

  #createHealth(): WorkloadHealth | undefined {
    const { readiness: probe, log, bootstrap: described } = this.#options;
    if (probe === undefined) return undefined;
    const { xds } = described;
    return new WorkloadHealth({
      ...{ probe, xds, log, node: node(described), clock: this.#clock },
      application: this.#application,
    });
  }

  #createDns(registers: [Registry]): DnsAgent | undefined {
    const { dns, log, bootstrap: described } = this.#options;
    if (dns === undefined) return undefined;
    const answers = new Counter({
      name: 'fairway_agent_dns_answers_total',
      help: 'Questions to DNS, by who has answered them',
      labelNames: ['by'],
      registers,
    });
    const { namespace, domainSuffix, xds } = described;
    return new DnsAgent({
      ...dns,
      namespace,
      domainSuffix,
      xds,
      node: node(described),
      log,
      onAnswer: (by) => answers.inc({ by }),
    });
  }

  async #drain(): Promise<void> {
    const { log, drain, bootstrap: described } = this.#options;
    const { leastMs, mostMs, waitsForIdle } = drain;
    const startMs = this.#clock.now();
    const elapsed = () => this.#clock.now() - startMs;
    const never = new AbortController().signal;
    this.#health?.drain();
    try {
      await this.#admin.drain(described.type === 'sidecar' ? 'inbound' : 'all');
      await delay(this.#clock, leastMs, never);
      while (elapsed() < mostMs) {
        const { connections, busy } = await this.#admin.downstream();
        if ((waitsForIdle ? connections : busy) === 0) break;
        await delay(this.#clock, Math.min(drainLookMs, mostMs - elapsed()), never);
      }
    } catch (error) {
      log.warn('Envoy does not drain; it is ended', { error });
    }
    log.info('drained', { durationMs: Math.round(elapsed()) });
  }

  #merged(scraper: Scraper): Promise<Exposition> {
    const { bootstrap: described, applicationMetrics: application } = this.#options;
    const sources: MetricSources = {
      envoy: { ...described.admin, path: usedStats },
      ...(application === undefined ? {} : { application: { ...this.#application, ...application } }),
      own: () => this.#metrics.metrics(),
      onFailure: (source, error) => {
        this.#failures.inc({ source });
        this.#options.log.debug(`no metrics of ${source}`, { error });
      },
    };
    return mergedMetrics(sources, scraper);
  }
}

/** What keeps a proxy from starting; the message says what and where. */
export class ProxyStartError extends Error {
  override readonly name = 'ProxyStartError';
}

async function taking<T>(what: string, address: SocketAddress, listen: () => Promise<T>): Promise<T> {
  try {
    return await listen();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'another process listens there' : message;
    throw new ProxyStartError(`cannot serve ${what} on ${formatAddress(address)}: ${reason}`);
  }
}
