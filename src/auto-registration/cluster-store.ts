/** Entries in an API server, where every replica sees them. */
import type { ApiClient, ApiRequest } from '../kubernetes/api-client.ts';
import { ApiError } from '../kubernetes/errors.ts';
import type { EntryKey, EntryObject } from './entry.ts';
import { ChangedError, type EntryStore } from './entry-store.ts';

/** Statuses are written under a name of their own: their other conditions belong to whoever leads. */
const fieldManager = 'fairway-registration';

export function clusterStore(client: ApiClient): EntryStore {
  const folder = (namespace: string) => `/apis/networking.istio.io/v1/namespaces/${namespace}/workloadentries`;
  const pathOf = ({ namespace, name }: EntryKey) => `${folder(namespace)}/${name}`;

  /** Rejected with ChangedError where the server has another version, or none; else as the client rejects. */
  async function write(request: ApiRequest): Promise<unknown> {
    try {
      return await client.json(request);
    } catch (error) {
      if (isCode(error, 409) || isCode(error, 404)) throw new ChangedError(error.message, { cause: error });
      throw error;
    }
  }
  /** What is not there for a new entry is the kind, or the namespace: that passes by nobody's writing again. */
  async function create(entry: EntryObject): Promise<unknown> {
    const { namespace } = entry.metadata;
    try {
      return await client.json({ method: 'POST', path: folder(namespace), query: { fieldManager }, body: entry });
    } catch (error) {
      if (isCode(error, 409)) throw new ChangedError(error.message, { cause: error });
      if (!isCode(error, 404)) throw error;
      const expected = `expected the API server to have WorkloadEntries and the namespace ${namespace}`;
      throw new Error(`${expected}, found ${error.message}`, { cause: error });
    }
  }

  return {
    async read(key) {
      try {
        return (await client.json({ path: pathOf(key) })) as EntryObject;
      } catch (error) {
        if (isCode(error, 404)) return undefined;
        throw error;
      }
    },
    create: async (entry) => (await create(entry)) as EntryObject,
    async replace(entry) {
      const path = pathOf(entry.metadata);
      return (await write({ method: 'PUT', path, query: { fieldManager }, body: entry })) as EntryObject;
    },
    async setConditions({ metadata }, conditions) {
      const { resourceVersion } = metadata;
      await write({
        method: 'PATCH',
        path: `${pathOf(metadata)}/status`,
        query: { fieldManager },
        contentType: 'application/merge-patch+json',
        body: { metadata: { resourceVersion }, status: { conditions } },
      });
    },
    async remove({ metadata }) {
      const { uid, resourceVersion } = metadata;
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion } };
      await write({ method: 'DELETE', path: pathOf(metadata), body });
    },
  };
}

function isCode(error: unknown, code: number): error is ApiError {
  return error instanceof ApiError && error.code === code;
}
