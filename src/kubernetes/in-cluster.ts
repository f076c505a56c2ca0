/** Access to the cluster in whose pod this process runs. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '../lib/clock.ts';
import { AccessError, type ServerAccess } from '../lib/server-access.ts';
import { watchedText } from '../lib/watched-text.ts';

/** Where Kubernetes mounts what a pod's service account needs. */
const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

export interface InClusterOptions {
  readonly env?: { readonly [name: string]: string | undefined };
  readonly folder?: string;
  readonly clock?: Clock;
}

/** Throws AccessError outside a pod. */
export function inClusterAccess({
  env = process.env,
  folder = serviceAccountFolder,
  clock = systemClock,
}: InClusterOptions = {}): ServerAccess {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = env;
  const tokenPath = join(folder, 'token');
  if (host === '')
    throw new AccessError('expected to run in a pod, found no KUBERNETES_SERVICE_HOST in the environment');
  if (!existsSync(tokenPath))
    throw new AccessError(
      `expected the token of a service account at ${tokenPath}, found none: does the pod say automountServiceAccountToken: false?`,
    );
  const token = watchedText(tokenPath, clock);
  const authorities = watchedText(join(folder, 'ca.crt'), clock);
  return {
    server: new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`),
    trust: { authorities: () => authorities.read(), isUnverified: false },
    credentials: {
      current: async () => ({ token: await token.read() }),
      refused: () => token.forget(),
    },
  };
}
