/** Recordings of a real Nomad 2.0.6-dev: what was written to it, what it was asked after which write, and what it answered. */
import { readFileSync } from 'node:fs';
import type { Rights } from './nomad-access.ts';
import { NomadServer } from './nomad-server.ts';
import type { Check, Registration, ServiceEventType } from './nomad-state.ts';

export interface Recording {
  readonly server: RecordedServer;
  readonly writes: readonly RecordedWrite[];
  readonly steps: readonly Step[];
  readonly streams: readonly RecordedStream[];
}

/** What the server was like from the beginning. */
interface RecordedServer {
  readonly tokens?: { readonly [token: string]: Rights };
  readonly hasLeader?: boolean;
  readonly mostConnections?: number;
  /** The allocation that `checks` are of. */
  readonly allocation?: string;
  readonly checks?: readonly Check[];
}

/** A line of a recording's file; exchanges belong to the step before them. */
type Line =
  | { readonly server: RecordedServer }
  | { readonly write: RecordedWrite }
  | { readonly step: Omit<Step, 'ask'> }
  | { readonly exchange: Exchange }
  | { readonly stream: RecordedStream };

/** In the order of their indices, each of which is that of the table of services after the write. */
interface RecordedWrite {
  readonly index: number;
  readonly type: ServiceEventType;
  readonly services: readonly Omit<Registration, 'CreateIndex' | 'ModifyIndex'>[];
}

/** Requests that were made when the last write had the index `at`, and what was done while they waited. */
export interface Step {
  readonly at: number;
  readonly ask: readonly Exchange[];
  /** Up to this index was written. */
  readonly meanwhile?: number;
  /** This token was deleted. */
  readonly revoke?: string;
}

export interface Exchange {
  /** `GET /v1/services`. */
  readonly request: string;
  readonly sent?: { readonly [header: string]: string };
  readonly status: number;
  /** Those that matter, by their names in lower case. */
  readonly headers: { readonly [name: string]: string };
  readonly body: unknown;
}

export interface RecordedStream {
  readonly request: string;
  readonly sent?: { readonly [header: string]: string };
  /** Opened after this write … */
  readonly at: number;
  /** … and read until this one. */
  readonly until: number;
  readonly head: readonly string[];
  /** JSON, or text of an error. */
  readonly lines: readonly unknown[];
}

export function readRecording(name: string): Recording {
  const text = readFileSync(new URL(`../transcripts/${name}.jsonl`, import.meta.url), 'utf8');
  const recording = { server: {}, writes: [] as RecordedWrite[], steps: [] as Step[], streams: [] as RecordedStream[] };
  let exchanges: Exchange[] = [];
  for (const line of text
    .trim()
    .split('\n')
    .map((one) => JSON.parse(one) as Line)) {
    if ('server' in line) recording.server = line.server;
    else if ('write' in line) recording.writes.push(line.write);
    else if ('stream' in line) recording.streams.push(line.stream);
    else if ('exchange' in line) exchanges.push(line.exchange);
    else {
      exchanges = [];
      recording.steps.push({ ...line.step, ask: exchanges });
    }
  }
  return recording;
}

/** A stand-in in the state of a recording's beginning. */
export async function standIn({ server }: Recording): Promise<NomadServer> {
  const { tokens = {}, hasLeader = true, mostConnections = 100 } = server;
  const started = new NomadServer({ mostConnections });
  started.hasLeader = hasLeader;
  for (const [token, rights] of Object.entries(tokens)) started.tokens.set(token, rights);
  await started.start();
  return started;
}

/** Does to the stand-in what was written until an index. */
export function writeUntil({ state }: NomadServer, recording: Recording, index: number): void {
  for (const write of recording.writes) {
    if (write.index <= state.index || write.index > index) continue;
    state.goOnAfter(write.index - 1);
    if (write.type === 'ServiceRegistration') state.register(...write.services);
    else
      state.deregister(
        write.services.map(({ ID }) => ID),
        write.type,
      );
    allocateAll(write, state);
    const { allocation, checks } = recording.server;
    if (allocation !== undefined && checks !== undefined) state.checks.set(allocation, checks);
  }
}

/** Allocations were not recorded: those of the services run. */
function allocateAll({ services }: RecordedWrite, state: NomadServer['state']): void {
  for (const { AllocID: ID, JobID, Namespace, NodeID } of services) {
    const names = { Name: `${JobID}.g[0]`, NodeName: 'n1', TaskGroup: 'g' };
    const index = state.index;
    state.allocate({ ClientStatus: 'running', DesiredStatus: 'run', ID, JobID, ...names, Namespace, NodeID });
    state.goOnAfter(index);
  }
}

/** JSON in which the order of lists does not count: names and tags come in any. */
export function unordered(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map(unordered).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, unordered(one)]));
}
