/** Istio's ProxyConfig as far as the process beside an application acts on it: the rest goes to the control plane as it is. */
import { parse } from 'yaml';
import {
  any,
  boolean,
  duration,
  enumOf,
  formatPath,
  type Infer,
  integer,
  isRecord,
  list,
  map,
  object,
  string,
} from '../lib/schema.ts';

import { readinessProbe } from './readiness-probe.ts';

const open = { isOpen: true } as const;
const port = integer(1, 65_535);
const collector = object({ address: string }, open);

/** More than any machine has use for; each takes memory and files. */
export const mostThreads = 1024;

const proxyConfig = object(
  {
    discoveryAddress: string,
    /** Threads of Envoy; 0 for one by core. */
    concurrency: integer(0, mostThreads),
    interceptionMode: enumOf('REDIRECT', 'TPROXY', 'NONE'),
    /** Where the agent answers. */
    statusPort: port,
    proxyAdminPort: port,
    serviceCluster: string,
    drainDuration: duration,
    terminationDrainDuration: duration,
    holdApplicationUntilProxyStarts: boolean,
    proxyMetadata: map(string),
    runtimeValues: map(string),
    proxyStatsMatcher: object({
      inclusionPrefixes: list(string),
      inclusionSuffixes: list(string),
      inclusionRegexps: list(string),
    }),
    tracing: object({ zipkin: collector, datadog: collector }, open),
    image: any,
    readinessProbe,
  },
  open,
);

export interface ProxyConfig extends Infer<typeof proxyConfig> {
  /** As it was written, with the parts that only the control plane reads. */
  readonly stated?: { readonly [field: string]: unknown };
}

/** A ProxyConfig that cannot be used; the message says where. */
export class ProxyConfigError extends Error {
  override readonly name = 'ProxyConfigError';
}

/**
 * Reads YAML or JSON; `source` is what messages call it. A MeshConfig is taken for its `defaultConfig`: such is the mesh.yaml
 * that istioctl writes for a machine. Throws ProxyConfigError.
 */
export function parseProxyConfig(text: string, source: string): ProxyConfig {
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 100 }) ?? {};
  } catch (error) {
    throw new ProxyConfigError(`${source}: ${(error as Error).message.split('\n', 1)[0]}`);
  }
  const { defaultConfig } = isRecord(value) ? value : {};
  return defaultConfig === undefined
    ? readProxyConfig(value, source)
    : readProxyConfig(defaultConfig, `${source}: defaultConfig`);
}

/** Reads what has been parsed already. Throws ProxyConfigError. */
export function readProxyConfig(value: unknown, source: string): ProxyConfig {
  const found: string[] = [];
  const config = proxyConfig.decode(value, [], ({ kind, path, message }) => {
    if (kind !== 'not-executed') found.push(`${path.length === 0 ? '' : `${formatPath(path)}: `}${message}`);
  });
  if (found.length > 0) throw new ProxyConfigError(found.map((one) => `${source}: ${one}`).join('\n'));
  return config === undefined ? {} : { ...config, ...(isRecord(value) ? { stated: value } : {}) };
}

/** A configuration over another: its fields win one by one, and so do single entries of `proxyMetadata`. */
export function overlaid(below: ProxyConfig, above: ProxyConfig): ProxyConfig {
  const proxyMetadata = { ...below.proxyMetadata, ...above.proxyMetadata };
  const metadata = Object.keys(proxyMetadata).length === 0 ? {} : { proxyMetadata };
  return { ...below, ...above, ...metadata, stated: { ...below.stated, ...above.stated, ...metadata } };
}
