/** What tests do to a Nomad over its API, be it a real one or the stand-in. */
import assert from 'node:assert/strict';
import type { Job } from './nomad-jobs.ts';
import type { Registration } from './nomad-state.ts';

export interface NomadClient {
  readonly url: string;
  run(job: Job): Promise<void>;
  stop(job: Job): Promise<void>;
  stopAllocation(id: string): Promise<void>;
  read<T>(path: string): Promise<{ readonly value: T; readonly index: number }>;
  registrations(service: string): Promise<readonly Registration[]>;
}

export function nomadClient(url: string): NomadClient {
  const send = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${url}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    assert.equal(response.status, 200, `${method} ${path}: ${text}`);
    return { text, index: Number(response.headers.get('x-nomad-index')) };
  };
  const read = async <T>(path: string) => {
    const { text, index } = await send('GET', path);
    return { value: JSON.parse(text) as T, index };
  };
  return {
    url,
    read,
    run: async (Job) => void (await send('PUT', '/v1/jobs', { Job })),
    stop: async ({ ID, Namespace = 'default' }) => void (await send('DELETE', `/v1/job/${ID}?namespace=${Namespace}`)),
    stopAllocation: async (id) => void (await send('PUT', `/v1/allocation/${id}/stop`)),
    registrations: async (service) => (await read<readonly Registration[]>(`/v1/service/${service}`)).value,
  };
}
