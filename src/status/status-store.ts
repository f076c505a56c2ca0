/**
 * Where statuses are written: server-side apply on the status of an object.
 *
 * Where the definition of a kind lists conditions by type, ours are applied alone and the server keeps those of others. Where
 * it does not (Istio's definitions), a list is one value that belongs to whoever wrote it last: then the conditions of others
 * are written as they were read, and only onto the very version of the object that they were read from.
 *
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
 */
import { pluralOf } from '../config/custom-resources.ts';
import type { ApiClient } from '../kubernetes/api-client.ts';
import { ApiError } from '../kubernetes/errors.ts';
import type { Clock } from '../lib/clock.ts';
import { ensure } from '../lib/ensure.ts';
import { isRecord } from '../lib/schema.ts';
import type { ClusterObject } from './cluster-objects.ts';
import { type Condition, foreignConditions } from './condition.ts';

export interface StatusStore {
  /**
   * Writes our conditions and yields the object as it is then. Rejected with NoStatus, ApiError, ConnectionError or
   * AccessError.
   */
  write(object: ClusterObject, conditions: readonly Condition[], signal: AbortSignal): Promise<unknown>;
}

/** A kind whose definition gives objects no status that can be written by itself. */
export class NoStatus extends Error {
  override readonly name = 'NoStatus';
}

export interface StatusStoreOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
}

interface StatusForm {
  readonly isWritable: boolean;
  /** Conditions are listed by type, and each belongs to its writer. */
  readonly isByType: boolean;
}

/** Definitions change seldom, in milliseconds. */
const definitionAgeMs = 5 * 60_000;

const fieldManager = 'fairway';

export function statusStore({ client, clock }: StatusStoreOptions): StatusStore {
  const forms = new Map<string, { readonly atMs: number; readonly form: Promise<StatusForm> }>();

  function formOf({ group, version, kind }: ClusterObject): Promise<StatusForm> {
    const definition = `${pluralOf(kind)}.${group}`;
    const key = `${definition}/${version}`;
    if (clock.now() - (forms.get(key)?.atMs ?? Number.NEGATIVE_INFINITY) > definitionAgeMs) forms.delete(key);
    return ensure(forms, key, () => {
      const form = readForm(client, definition, version);
      form.catch(() => forms.delete(key));
      return { atMs: clock.now(), form };
    }).form;
  }

  return {
    async write(object, conditions, signal) {
      const { group, version, kind, namespace, name, uid, resourceVersion } = object;
      const { isWritable, isByType } = await formOf(object);
      if (!isWritable) throw new NoStatus(`${pluralOf(kind)}.${group} has no status subresource`);
      const metadata = { name, namespace, uid, ...(isByType ? {} : { resourceVersion }) };
      const all = isByType ? conditions : [...foreignConditions(object.conditions), ...conditions];
      return client.json({
        method: 'PATCH',
        path: `/apis/${group}/${version}/namespaces/${namespace}/${pluralOf(kind)}/${name}/status`,
        query: { fieldManager, force: true },
        contentType: 'application/apply-patch+yaml',
        body: { apiVersion: `${group}/${version}`, kind, metadata, status: { conditions: all } },
        signal,
      });
    },
  };
}

async function readForm(client: ApiClient, definition: string, version: string): Promise<StatusForm> {
  try {
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${definition}`;
    return formIn(await client.json({ path }), version);
  } catch (error) {
    // Who may not look takes the way that clobbers nobody's conditions.
    if (error instanceof ApiError && error.code === 403) return { isWritable: true, isByType: false };
    throw error;
  }
}

function formIn(definition: unknown, name: string): StatusForm {
  const versions = at(definition, 'spec', 'versions');
  const version = Array.isArray(versions) ? versions.find((one) => at(one, 'name') === name) : undefined;
  const schema = at(version, 'schema', 'openAPIV3Schema', 'properties', 'status', 'properties', 'conditions');
  const keys = at(schema, 'x-kubernetes-list-map-keys');
  return {
    isWritable: isRecord(at(version, 'subresources', 'status')),
    isByType: at(schema, 'x-kubernetes-list-type') === 'map' && Array.isArray(keys) && keys.join() === 'type',
  };
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((part, name) => (isRecord(part) ? part[name] : undefined), value);
}
