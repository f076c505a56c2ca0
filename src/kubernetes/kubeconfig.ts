/**
 * Access to a cluster as a kubeconfig states it.
 *
 * https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseYaml } from '../files/yaml.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { decodeOr } from '../lib/decode-or.ts';
import { boolean, type Infer, list, object, string } from '../lib/schema.ts';
import { AccessError, type Credential, type Credentials, type ServerAccess } from '../lib/server-access.ts';
import { watchedText } from '../lib/watched-text.ts';
import { execConfig, execCredentials } from './exec-plugin.ts';

const open = { isOpen: true } as const;

const clusterEntry = object(
  {
    server: string,
    'certificate-authority': string,
    'certificate-authority-data': string,
    'insecure-skip-tls-verify': boolean,
    'tls-server-name': string,
    'proxy-url': string,
  },
  { required: ['server'], isOpen: true },
);

const userEntry = object(
  {
    token: string,
    tokenFile: string,
    'client-certificate': string,
    'client-certificate-data': string,
    'client-key': string,
    'client-key-data': string,
    username: string,
    password: string,
    exec: execConfig,
    'auth-provider': object({ name: string }, open),
  },
  open,
);

const contextEntry = object({ cluster: string, user: string }, { required: ['cluster'], isOpen: true });

const kubeconfig = object(
  {
    'current-context': string,
    clusters: list(object({ name: string, cluster: clusterEntry }, { required: ['name', 'cluster'], isOpen: true })),
    users: list(object({ name: string, user: userEntry }, { required: ['name'], isOpen: true })),
    contexts: list(object({ name: string, context: contextEntry }, { required: ['name', 'context'], isOpen: true })),
  },
  open,
);

type Cluster = Infer<typeof clusterEntry>;
type User = Infer<typeof userEntry>;

export interface KubeconfigOptions {
  /** The context to use instead of the current one. */
  readonly context?: string;
  /** Where relative paths in it start; without one, paths and programs are refused: for kubeconfigs that come from elsewhere. */
  readonly folder?: string;
  readonly clock?: Clock;
}

/** Throws AccessError, whose message names the file and says what is wrong with it. */
export function readKubeconfig(path: string, options: Omit<KubeconfigOptions, 'folder'> = {}): ServerAccess {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new AccessError(
      `${path}: expected a kubeconfig, found a file that cannot be read: ${(error as Error).message}`,
    );
  }
  return parseKubeconfig(text, path, { ...options, folder: dirname(resolve(path)) });
}

/** `name` is what messages call it. Throws AccessError. */
export function parseKubeconfig(text: string, name: string, options: KubeconfigOptions): ServerAccess {
  const refuse = (message: string): never => {
    throw new AccessError(`${name}: ${message}`);
  };
  const document = parseYaml({ text, line: 1 });
  if ('code' in document) return refuse(`line ${document.line}: ${document.message}`);
  const config = decodeOr(kubeconfig, document.value, refuse);
  const find = <T>(what: string, entries: readonly ({ readonly name: string } & T)[] = [], wanted: string) =>
    entries.find((entry) => entry.name === wanted) ??
    refuse(`expected a ${what} called ${wanted}, found ${nameList(entries)}`);
  const wanted = options.context ?? config['current-context'] ?? '';
  if (wanted === '') return refuse('expected a current-context, found none');
  const { context } = find('context', config.contexts, wanted);
  const { cluster } = find('cluster', config.clusters, context.cluster);
  const { user = {} } = context.user === undefined ? {} : find('user', config.users, context.user);
  if (cluster['proxy-url'] !== undefined) return refuse('proxy-url is not executed by this version');
  const server = URL.parse(cluster.server);
  if (server === null || !/^https?:$/.test(server.protocol))
    return refuse(
      `expected the URL of a server such as https://10.0.0.1:6443, found ${JSON.stringify(cluster.server)}`,
    );
  const reading = { folder: options.folder, clock: options.clock ?? systemClock, refuse };
  return { server, trust: trustOf(cluster, reading), credentials: credentialsOf(user, reading) };
}

interface Reading {
  readonly folder: string | undefined;
  readonly clock: Clock;
  readonly refuse: (message: string) => never;
}

function trustOf(cluster: Cluster, reading: Reading): ServerAccess['trust'] {
  const serverName = cluster['tls-server-name'];
  return {
    authorities: textSource(cluster, 'certificate-authority', reading),
    ...(serverName === undefined ? {} : { serverName }),
    isUnverified: cluster['insecure-skip-tls-verify'] === true,
  };
}

/** A text that is stated in base64, or stands in a file that may be replaced. */
function textSource(
  entry: Cluster | User,
  field: 'certificate-authority' | 'client-certificate' | 'client-key',
  { folder, clock, refuse }: Reading,
): () => Promise<string | undefined> {
  const fields = entry as { readonly [name: string]: unknown };
  const inline = fields[`${field}-data`];
  const path = fields[field];
  if (typeof inline === 'string' && inline !== '') {
    const text = Buffer.from(inline, 'base64').toString('utf8');
    if (!text.includes('-----BEGIN')) return refuse(`${field}-data: expected PEM in base64, found something else`);
    return async () => text;
  }
  if (typeof path !== 'string' || path === '') return async () => undefined;
  if (folder === undefined) return refuse(`${field}: expected ${field}-data, found a path, which is not followed here`);
  const file = watchedText(resolve(folder, path), clock);
  return () => file.read();
}

function credentialsOf(user: User, reading: Reading): Credentials {
  const { token, tokenFile, username, exec } = user;
  const { folder, clock, refuse } = reading;
  if (exec !== undefined) {
    if (folder === undefined)
      return refuse('exec: expected a token or a certificate, found a program, which is not run here');
    if (exec.interactiveMode === 'Always')
      return refuse(`exec: expected a program that asks nobody, found ${exec.command} with interactiveMode Always`);
    return execCredentials(exec);
  }
  if (user['auth-provider'] !== undefined)
    return refuse('auth-provider: expected exec, which replaces it since Kubernetes 1.26, found auth-provider');
  if (username !== undefined)
    return refuse('username: expected a token or a certificate, found a password, which Kubernetes takes no more');
  const certificate = textSource(user, 'client-certificate', reading);
  const key = textSource(user, 'client-key', reading);
  if (tokenFile !== undefined && folder === undefined)
    return refuse('tokenFile: expected token, found a path, which is not followed here');
  const file = tokenFile === undefined ? undefined : watchedText(resolve(folder ?? '', tokenFile), clock);
  return {
    async current() {
      const [cert, secret, bearer] = await Promise.all([certificate(), key(), file?.read() ?? token]);
      return {
        ...(bearer === undefined || bearer === '' ? {} : { token: bearer }),
        ...(cert === undefined || secret === undefined ? {} : { certificate: cert, key: secret }),
      } satisfies Credential;
    },
    refused: () => file?.forget(),
  };
}

function nameList(entries: readonly { readonly name: string }[]): string {
  return entries.length === 0 ? 'none at all' : entries.map(({ name }) => name).join(', ');
}
