import { type ApiClient, metadataOnly } from './api-client.ts';
import { ApiError } from './errors.ts';

export interface DefinitionState {
  /** `hidden`: the asker may not look; `unknown`: the server has not answered that. */
  readonly state: 'defined' | 'undefined' | 'hidden' | 'unknown';
  /** What keeps the kind from being seen, for people. */
  readonly reason: string;
}

/** Whether a server has the CustomResourceDefinition of a kind that it does not serve. Never rejected. */
export async function definitionState(
  client: ApiClient,
  definition: string,
  signal: AbortSignal,
): Promise<DefinitionState> {
  const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${definition}`;
  try {
    await client.json({ path, accept: metadataOnly, signal });
    return { state: 'defined', reason: `${definition} is defined and not served yet` };
  } catch (error) {
    const reason = (error as Error).message;
    // A 404 that is no Status is not the server's: proxies say that when it is away.
    const word = error instanceof ApiError ? error.reason : '';
    return { state: word === 'NotFound' ? 'undefined' : word === 'Forbidden' ? 'hidden' : 'unknown', reason };
  }
}
