/**
 * A Lease of Kubernetes: one record that several processes read and replace, each replacement only of what was read.
 *
 * https://kubernetes.io/docs/concepts/architecture/leases/
 */
import { isRecord } from '../lib/schema.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './errors.ts';

/** What a Lease says, as it stands at one version. */
export interface Lease {
  /** The identity of who holds it; empty when nobody does. */
  readonly holder: string;
  /** For how long after each renewal it is held, in milliseconds. */
  readonly durationMs: number;
  /** How often it has changed hands. */
  readonly transitions: number;
  /** When it was taken, as its holder's clock said; undefined when nobody did. */
  readonly acquiredAt: string | undefined;
  /** Differs whenever anything has been written. */
  readonly version: string;
}

/** What a holder writes. */
export type LeaseRecord = Pick<Lease, 'holder' | 'durationMs' | 'transitions' | 'acquiredAt'> & {
  /** When it was renewed, as the holder's clock says: for people, nothing is decided by it. */
  readonly renewedAt: string;
};

/** Each call is rejected with ApiError (409 when the Lease is not what it was) or ConnectionError. */
export interface LeaseStore {
  /** Undefined when there is no such Lease. */
  read(signal: AbortSignal): Promise<Lease | undefined>;
  create(record: LeaseRecord, signal: AbortSignal): Promise<Lease>;
  /** Takes the place of the very Lease that was read. */
  replace(lease: Lease, record: LeaseRecord, signal: AbortSignal): Promise<Lease>;
}

interface ServedLease extends Lease {
  readonly value: { readonly [field: string]: unknown };
}

export function leaseStore(client: ApiClient, namespace: string, name: string): LeaseStore {
  const folder = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  const path = `${folder}/${name}`;
  return {
    async read(signal) {
      try {
        return parseLease(await client.json({ path, signal }));
      } catch (error) {
        if (error instanceof ApiError && error.code === 404) return undefined;
        throw error;
      }
    },
    async create(record, signal) {
      const empty = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace } };
      const body = withRecord(empty, record);
      return parseLease(await client.json({ method: 'POST', path: folder, body, signal }));
    },
    async replace(lease, record, signal) {
      const body = withRecord((lease as ServedLease).value, record);
      return parseLease(await client.json({ method: 'PUT', path, body, signal }));
    },
  };
}

/** Fields that others may have set, such as labels, stay; the version that was read makes it a replacement of that alone. */
function withRecord(
  value: ServedLease['value'],
  { holder, durationMs, transitions, acquiredAt, renewedAt }: LeaseRecord,
): ServedLease['value'] {
  const spec = {
    ...(isRecord(value.spec) ? value.spec : {}),
    holderIdentity: holder,
    leaseDurationSeconds: Math.ceil(durationMs / 1000),
    leaseTransitions: transitions,
    acquireTime: acquiredAt,
    renewTime: renewedAt,
  };
  return { ...value, spec };
}

function parseLease(value: unknown): ServedLease {
  const whole = isRecord(value) ? value : {};
  const { resourceVersion } = isRecord(whole.metadata) ? whole.metadata : {};
  const spec = isRecord(whole.spec) ? whole.spec : {};
  const { holderIdentity, leaseDurationSeconds, leaseTransitions, acquireTime } = spec;
  return {
    holder: typeof holderIdentity === 'string' ? holderIdentity : '',
    durationMs: typeof leaseDurationSeconds === 'number' ? leaseDurationSeconds * 1000 : 0,
    transitions: typeof leaseTransitions === 'number' ? leaseTransitions : 0,
    acquiredAt: typeof acquireTime === 'string' ? acquireTime : undefined,
    version: typeof resourceVersion === 'string' ? resourceVersion : '',
    value: whole,
  };
}
