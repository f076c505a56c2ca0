/**
 * Who a proxy is: what its pod tells it by environment variables and by files of the downward API, under the names that
 * Istio's injection gives them, so that either injector's pods work.
 */
import { isIP } from 'node:net';
import { itemsIn } from '../lib/comma-list.ts';
import type { Labels } from '../model/labels.ts';
import { type Locality, parseLocality } from '../model/locality.ts';

export interface Pod {
  /** The first one is the main one. */
  readonly ips: readonly [string, ...string[]];
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly workload: string;
  readonly cluster: string;
  readonly locality?: Locality;
  /** Whatever else the node says of itself, under Istio's names. */
  readonly metadata: { readonly [name: string]: unknown };
}

export interface PodSources {
  readonly env: NodeJS.ProcessEnv;
  /** A file's text; undefined when there is none. */
  readonly read: (path: string) => string | undefined;
  /** The folder of the downward API's files, such as `/etc/istio/pod`. */
  readonly podFolder: string;
}

/** What keeps a pod from being known; the message says what to set. */
export class PodError extends Error {
  override readonly name = 'PodError';
}

/** Throws PodError. */
export function podOf({ env, read, podFolder }: PodSources): Pod {
  const labels = { ...parseDownward(read(`${podFolder}/labels`) ?? ''), ...labelsIn(env.ISTIO_METAJSON_LABELS) };
  const annotations = annotationsOf({ read, podFolder });
  const name = env.POD_NAME || env.HOSTNAME;
  if (name === undefined || name === '') throw new PodError('expected POD_NAME to name the pod, found nothing');
  const namespace = env.POD_NAMESPACE || 'default';
  const workload = env.ISTIO_META_WORKLOAD_NAME || workloadOf(name);
  const locality = labels['istio-locality']?.replaceAll('.', '/');
  const stated = statedMetadata(env);
  return {
    ips: addressesIn(env.INSTANCE_IPS || env.INSTANCE_IP),
    name,
    namespace,
    serviceAccount: env.SERVICE_ACCOUNT || 'default',
    labels,
    annotations,
    workload,
    cluster: env.ISTIO_META_CLUSTER_ID || 'Kubernetes',
    ...(locality === undefined ? {} : { locality: parseLocality(locality) }),
    metadata: {
      ...stated,
      ANNOTATIONS: withoutBulk(annotations),
      ...(env.ISTIO_META_NODE_NAME || !env.NODE_NAME ? {} : { NODE_NAME: env.NODE_NAME }),
    },
  };
}

export function annotationsOf({ read, podFolder }: Pick<PodSources, 'read' | 'podFolder'>): Labels {
  return parseDownward(read(`${podFolder}/annotations`) ?? '');
}

function addressesIn(text = ''): Pod['ips'] {
  const found = itemsIn(text);
  const wrong = found.find((part) => isIP(part) === 0);
  const [first, ...others] = found;
  if (first === undefined || wrong !== undefined)
    throw new PodError(
      `expected INSTANCE_IP to be the pod's IP address, found ${wrong === undefined ? 'nothing' : JSON.stringify(wrong)}`,
    );
  return [first, ...others];
}

const statedText = 'ISTIO_META_';
const statedJson = 'ISTIO_METAJSON_';

/** Every variable `ISTIO_META_NAME` is metadata `NAME`; those of `ISTIO_METAJSON_` are JSON. */
function statedMetadata(env: NodeJS.ProcessEnv): { readonly [name: string]: unknown } {
  const found: { [name: string]: unknown } = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value === '') continue;
    if (name.startsWith(statedText)) found[name.slice(statedText.length)] = value;
    if (name.startsWith(statedJson)) {
      const parsed = jsonIn(name, value);
      // Labels and annotations are of the pod as a whole.
      if (parsed !== null && typeof parsed === 'object' && name !== `${statedJson}LABELS`)
        Object.assign(found, name === `${statedJson}ANNOTATIONS` ? {} : parsed);
    }
  }
  return found;
}

function labelsIn(text: string | undefined): Labels {
  if (text === undefined || text === '') return {};
  const value = jsonIn(`${statedJson}LABELS`, text);
  return Object.fromEntries(Object.entries(value ?? {}).map(([key, one]) => [key, String(one)]));
}

function jsonIn(name: string, text: string): object | null {
  try {
    return JSON.parse(text) as object | null;
  } catch (error) {
    throw new PodError(`expected ${name} to be JSON, found ${JSON.stringify(text)}: ${(error as Error).message}`);
  }
}

/** Lines `key="value"` with the escapes of Go's strings, as the downward API writes labels and annotations. */
export function parseDownward(text: string): Labels {
  const found: { [key: string]: string } = {};
  for (const line of text.split('\n')) {
    const at = line.indexOf('=');
    if (at === -1) continue;
    found[line.slice(0, at)] = unquoted(line.slice(at + 1));
  }
  return found;
}

function unquoted(text: string): string {
  try {
    const value: unknown = JSON.parse(text.replace(/\\x([\da-f]{2})/gi, '\\u00$1').replace(/\\[av]/g, ''));
    if (typeof value === 'string') return value;
  } catch {
    // Not in quotes: taken as it is.
  }
  return text;
}

/** What kubectl keeps in an annotation is a whole object again, which no control plane needs. */
function withoutBulk(annotations: Labels): Labels {
  return Object.fromEntries(
    Object.entries(annotations).filter(([key]) => key !== 'kubectl.kubernetes.io/last-applied-configuration'),
  );
}

/** `reviews` for `reviews-6c5d7b9f4-x2x7k`, as ReplicaSets and Deployments name their pods; the pod's name for others. */
function workloadOf(pod: string): string {
  return /^(.+)-[a-z\d]{5,10}-[a-z\d]{5}$/.exec(pod)?.[1] ?? pod;
}
