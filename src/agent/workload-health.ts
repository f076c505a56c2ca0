/**
 * Runs the probe of a workload that no kubelet probes, and tells the control plane, which lets nobody call it before it is well.
 *
 *      probe ─► thresholds ─► changed, or a new stream ─► HealthInformation
 */
import type { Cancel, Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { ApplicationPlace } from './application-place.ts';
import {
  askReadiness,
  nextReadiness,
  notProbed,
  periodMs,
  type Readiness,
  type ReadinessProbe,
} from './readiness-probe.ts';
import { type Send, XdsConnection, type XdsConnectionOptions } from './xds-connection.ts';

export interface WorkloadHealthOptions extends Pick<XdsConnectionOptions, 'xds' | 'node'> {
  readonly probe: ReadinessProbe;
  readonly application: ApplicationPlace;
  readonly log: Log;
  readonly clock: Clock;
}

const type = 'type.googleapis.com/istio.v1.HealthInformation';
/** As Istio's agents say that something is not well; nobody reads the number. */
const notWell = 500;

export class WorkloadHealth {
  readonly #options: WorkloadHealthOptions;
  readonly #connection: XdsConnection;
  #readiness: Readiness = notProbed;
  /** What was said last; undefined before anything is known. */
  #report: { readonly problem: string | undefined } | undefined;
  #send: Send | undefined;
  #next: Cancel | undefined;
  #isClosed = false;

  constructor(options: WorkloadHealthOptions) {
    this.#options = options;
    this.#connection = new XdsConnection({
      ...options,
      type,
      complaint: 'the control plane is not told how the application is',
      onOpen: (send) => {
        this.#send = send;
        this.#tell();
      },
      onMessage() {},
    });
  }

  start(): void {
    const { probe, clock } = this.#options;
    this.#connection.start();
    this.#next = clock.after((probe.initialDelaySeconds ?? 0) * 1000, () => void this.#ask());
  }

  /** The workload is about to end: whoever calls it is to go elsewhere, whatever the probe says. */
  drain(): void {
    this.#end();
    this.#say('the proxy drains');
  }

  close(): void {
    this.#end();
    this.#connection.close();
  }

  #end(): void {
    this.#isClosed = true;
    this.#next?.();
  }

  async #ask(): Promise<void> {
    const { probe, application, clock, log } = this.#options;
    const problem = await askReadiness(probe, application);
    if (this.#isClosed) return;
    this.#next = clock.after(periodMs(probe), () => void this.#ask());
    const before = this.#readiness.state;
    this.#readiness = nextReadiness(this.#readiness, problem === undefined ? 'passed' : 'failed', probe);
    const { state } = this.#readiness;
    if (state === before || state === 'unknown') return;
    if (state === 'ready') log.info('the application is ready');
    else log.warn(`the application is not ready: ${problem}`);
    this.#say(state === 'ready' ? undefined : problem);
  }

  #say(problem: string | undefined): void {
    this.#report = { problem };
    this.#tell();
  }

  #tell(): void {
    if (this.#report === undefined) return;
    const { problem } = this.#report;
    this.#send?.({
      typeUrl: type,
      ...(problem === undefined ? {} : { errorDetail: { code: notWell, message: problem, details: [] } }),
    });
  }
}
