/**
 * The WorkloadEntry of a workload that registers itself: what it is called, what it says, and how it changes. Names, annotations
 * and precedence are Istio's: https://istio.io/latest/docs/reference/config/networking/workload-group/
 */
import type { Config } from '../config/config.ts';
import type { Spec } from '../config/kinds.ts';
import { isRecord } from '../lib/schema.ts';
import type { Labels } from '../model/labels.ts';
import { formatLocality } from '../model/locality.ts';
import type { Proxy } from '../model/proxy.ts';
import { registrationAnnotations as names, type RegistrationState, registrationState } from '../model/registration.ts';
import { healthChecked } from '../model/workload.ts';

export interface EntryKey {
  readonly namespace: string;
  readonly name: string;
}

/** A WorkloadEntry as stores hold it. */
export interface EntryObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: EntryKey & {
    readonly labels?: Labels;
    readonly annotations?: Labels;
    readonly ownerReferences?: readonly unknown[];
    readonly uid?: string;
    readonly resourceVersion?: string;
  };
  readonly spec: Spec<'WorkloadEntry'>;
  readonly status?: unknown;
}

/** Whose an entry is; `written` for one that somebody has written by hand. */
export function stateIn(found: Pick<EntryObject, 'metadata'> | undefined): RegistrationState | 'absent' | 'written' {
  if (found === undefined) return 'absent';
  return registrationState(found.metadata.annotations ?? {}) ?? 'written';
}

/** Where a workload is registered, and by whom. */
export interface Claim {
  readonly controller: string;
  readonly connectedAtMs: number;
}

/** The group that a proxy wants to be registered in; undefined for nearly all. */
export function groupNameOf({ metadata }: Proxy): string | undefined {
  const { AUTO_REGISTER_GROUP: name = '' } = metadata;
  return name === '' ? undefined : name;
}

/** Kubernetes' bound on names. */
const longestName = 253;

/** `<group>-<ip>[-<network>]`; the end of it where it is too long. An address may have capitals and end in `::`, names may not. */
export function entryName(group: string, ip: string, network: string): string {
  const address = ip.toLowerCase().replaceAll(':', '-').replace(/-+$/, '');
  const name = [group, address, ...(network === '' ? [] : [network])].join('-');
  return name.slice(-longestName).replace(/^[^a-z\d]+/, '');
}

/** What the entry of a proxy says, beside who has it: the node's word counts over the group's metadata, and that over the template. */
export function entryOf(proxy: Proxy, address: string, group: Config<Spec<'WorkloadGroup'>>): EntryObject {
  const { template = {}, metadata = {}, probe } = group.spec;
  const { 'istio-locality': _, ...own } = proxy.labels;
  const labels = { ...template.labels, ...metadata.labels, ...own };
  const locality = formatLocality(proxy.locality);
  const { uid } = group.origin;
  const key = { namespace: group.namespace, name: entryName(group.name, address, proxy.network) };
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'WorkloadEntry',
    metadata: {
      ...key,
      labels,
      annotations: {
        ...metadata.annotations,
        [names.group]: group.name,
        ...(probe !== undefined || proxy.isProbed === true ? { [healthChecked]: 'true' } : {}),
      },
      // With the group its entries go.
      ...(uid === undefined
        ? {}
        : {
            ownerReferences: [
              { apiVersion: 'networking.istio.io/v1', kind: 'WorkloadGroup', name: group.name, uid, controller: true },
            ],
          }),
    },
    spec: {
      ...template,
      address,
      labels,
      ...(proxy.network === '' ? {} : { network: proxy.network }),
      ...(locality === '' ? {} : { locality }),
    },
  };
}

/** A new entry. */
export function claimedAnew(entry: EntryObject, claim: Claim): EntryObject {
  return { ...entry, metadata: { ...entry.metadata, annotations: { ...entry.metadata.annotations, ...said(claim) } } };
}

/** An entry that is there, of a workload that is connected: as a new one would be, but for what others have added. */
export function claimed(found: EntryObject, entry: EntryObject, claim: Claim): EntryObject {
  // A workload may have been probed before, and be so no more: nobody would ever say again that it is well.
  const {
    [names.disconnectedAt]: _,
    [names.asked]: __,
    [healthChecked]: ___,
    ...kept
  } = found.metadata.annotations ?? {};
  return {
    ...found,
    metadata: {
      ...found.metadata,
      labels: { ...entry.metadata.labels },
      annotations: { ...kept, ...entry.metadata.annotations, ...said(claim) },
    },
    spec: entry.spec,
  };
}

function said({ controller, connectedAtMs }: Claim): Labels {
  return { [names.controller]: controller, [names.connectedAt]: timeText(connectedAtMs) };
}

/** Its workload has gone. */
export function left(found: EntryObject, atMs: number): EntryObject {
  const { [names.connectedAt]: _, [names.asked]: __, ...kept } = found.metadata.annotations ?? {};
  return withAnnotations(found, { ...kept, [names.disconnectedAt]: timeText(atMs) });
}

/** Somebody wants to know whether its controller lives. */
export function asked(found: EntryObject, atMs: number): EntryObject {
  return withAnnotations(found, { ...found.metadata.annotations, [names.asked]: timeText(atMs) });
}

function withAnnotations(found: EntryObject, annotations: Labels): EntryObject {
  return { ...found, metadata: { ...found.metadata, annotations } };
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}

/** What an agent says of its application. */
export interface HealthReport {
  /** Undefined when all is well. */
  readonly problem: string | undefined;
}

/** Agents pass on what applications answer. */
const longestMessage = 1024;

/** The conditions of an entry with what its agent says; undefined when they say that already. */
export function withHealth(
  { status }: Pick<EntryObject, 'status'>,
  { problem }: HealthReport,
  nowMs: number,
): readonly unknown[] | undefined {
  const all: readonly unknown[] = isRecord(status) && Array.isArray(status.conditions) ? status.conditions : [];
  const isHealth = (one: unknown) => isRecord(one) && one.type === 'Healthy';
  const [before] = all.filter(isRecord).filter(isHealth);
  const state = problem === undefined ? 'True' : 'False';
  const message = (problem ?? '').slice(0, longestMessage).toWellFormed();
  if (before?.status === state && (before.message ?? '') === message) return undefined;
  const now = timeText(nowMs).replace(/\.\d+Z$/, 'Z');
  const since = before?.status === state ? before.lastTransitionTime : now;
  const condition = {
    type: 'Healthy',
    status: state,
    reason: problem === undefined ? 'ProbeSucceeded' : 'ProbeFailed',
    message,
    lastProbeTime: now,
    lastTransitionTime: since,
  };
  return [...all.filter((one) => !isHealth(one)), condition];
}
