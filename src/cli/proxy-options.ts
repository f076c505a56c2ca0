/** Options of the commands that stand beside an application: who the proxy is, and where its control plane is. */
import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { BootstrapOptions } from '../agent/bootstrap.ts';
import { type DrainPolicy, drainPolicy } from '../agent/drain.ts';
import { envoyLevels } from '../agent/log-levels.ts';
import { annotationsOf, type Pod, PodError, podOf } from '../agent/pod.ts';
import { agentPortOf } from '../agent/ports.ts';
import {
  concurrencyOf,
  dialectOf,
  type EnvoySettings,
  type ProxySettings,
  proxyBootstrap,
} from '../agent/proxy-bootstrap.ts';
import { mostThreads, overlaid, type ProxyConfig, ProxyConfigError, parseProxyConfig } from '../agent/proxy-config.ts';
import { type Address, readAddress } from '../lib/address.ts';
import type { Labels } from '../model/labels.ts';
import { parseLocality } from '../model/locality.ts';
import { amountOf } from '../model/quantity.ts';
import { parseAddress, parseComponentLevels, parsePort } from './options.ts';

export interface ProxyArguments {
  readonly pod?: string;
  readonly namespace?: string;
  readonly ip?: string;
  readonly serviceAccount?: string;
  readonly labels?: Labels;
  readonly workload?: string;
  readonly clusterId?: string;
  readonly locality?: string;
  readonly domain: string;
  readonly podFolder: string;
  readonly proxyConfig?: string;
  readonly discoveryAddress?: Address;
  readonly dialect?: 'delta' | 'sotw';
  readonly concurrency?: number;
  readonly adminPort?: number;
  readonly agentPort?: number;
  readonly memoryLimit?: number;
  readonly proxyLogLevel: string;
  readonly proxyComponentLogLevel: string;
}

export function withProxyOptions(command: Command): Command {
  return command
    .option('--pod <name>', 'the name of the pod, or of whatever plays one (POD_NAME)')
    .option('--namespace <name>', 'its namespace (POD_NAMESPACE)')
    .option('--ip <address>', 'its IP address, or several with commas between them (INSTANCE_IP)')
    .option('--service-account <name>', 'what it runs as (SERVICE_ACCOUNT)')
    .addOption(new Option('--labels <key=value,...>', 'its labels (<pod-folder>/labels)').argParser(parseLabels))
    .option('--workload <name>', 'the Deployment or the like that it is of (ISTIO_META_WORKLOAD_NAME)')
    .option('--cluster-id <id>', 'the cluster that it runs in (ISTIO_META_CLUSTER_ID)')
    .option('--locality <region/zone/subzone>', 'where it runs')
    .option('--domain <suffix>', 'the DNS suffix of the cluster, after <namespace>.svc. or alone', 'cluster.local')
    .option('--pod-folder <folder>', "the downward API's files labels and annotations", '/etc/istio/pod')
    .option('--proxy-config <file>', "Istio's ProxyConfig in YAML (PROXY_CONFIG)")
    .addOption(
      new Option(
        '--discovery-address <host:port>',
        'where the control plane serves xDS (its discoveryAddress)',
      ).argParser(parseAddress),
    )
    .addOption(
      new Option('--dialect <dialect>', 'how xDS is spoken (ISTIO_DELTA_XDS, else delta)').choices(['delta', 'sotw']),
    )
    .addOption(
      new Option(
        '--concurrency <threads>',
        'threads of Envoy, 0 for one by core (its concurrency, ISTIO_CPU_LIMIT, else 2)',
      ).argParser(parseCount),
    )
    .addOption(
      new Option(
        '--admin-port <port>',
        "Envoy's admin interface, on loopback (its proxyAdminPort, else 15000)",
      ).argParser(parsePort),
    )
    .addOption(
      new Option('--agent-port <port>', 'where the agent answers (its statusPort, else 15020)').argParser(parsePort),
    )
    .addOption(
      new Option('--memory-limit <bytes>', 'what Envoy may use before it turns work away, such as 512Mi').argParser(
        parseBytes,
      ),
    )
    .addOption(
      new Option('--proxy-log-level <level>', 'the least important lines that Envoy writes')
        .choices(envoyLevels)
        .default('warning'),
    )
    .addOption(
      new Option('--proxy-component-log-level <component:level,...>', 'the same for single components of Envoy')
        .argParser(parseComponentLevels)
        .default('misc:error'),
    );
}

export interface StatedProxy {
  readonly bootstrapOptions: BootstrapOptions;
  readonly envoy: EnvoySettings;
  /** Where the agent answers. */
  readonly agentPort: number;
  /** How it ends, where an option may limit that. */
  readonly drain: (limitMs: number | undefined) => DrainPolicy;
}

/** What options, environment and files say together; `agentHost` is where the agent answers, if one does. Ends the process with one line when they do not say enough. */
export function proxySettings(
  type: 'sidecar' | 'router',
  options: ProxyArguments,
  command: Command,
  agentHost?: string,
): StatedProxy {
  return orOneLine(command, () => {
    const config = configOf(options);
    const agentPort = agentPortOf(config);
    const env = { ...config.proxyMetadata, ...process.env, ...environmentOf(options) };
    const { dialect = dialectOf(env), domain, memoryLimit, proxyLogLevel, proxyComponentLogLevel } = options;
    const pod = withOptions(podOf({ env, read, podFolder: options.podFolder }), options);
    const settings: ProxySettings = {
      type,
      pod,
      config,
      xds: options.discoveryAddress ?? discoveryAddressOf(config),
      dialect,
      domainSuffix: suffixIn(domain, pod.namespace),
      ...(agentHost === undefined ? {} : { agent: { host: agentHost, port: agentPort } }),
      ...(memoryLimit === undefined ? {} : { memoryBytes: memoryLimit }),
    };
    return {
      bootstrapOptions: proxyBootstrap(settings),
      envoy: {
        config,
        concurrency: concurrencyOf(config, env),
        logLevel: proxyLogLevel,
        componentLogLevel: proxyComponentLogLevel,
      },
      agentPort,
      drain: (limitMs) => orOneLine(command, () => drainPolicy(config, env, limitMs)),
    };
  });
}

/** Where the agent of this pod answers. Ends the process with one line when its ProxyConfig cannot be read. */
export function agentPort(options: ProxyArguments, command: Command): number {
  return orOneLine(command, () => agentPortOf(configOf(options)));
}

function orOneLine<T>(command: Command, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof PodError || error instanceof ProxyConfigError)) throw error;
    return command.error(`error: ${error.message}`);
  }
}

/** The later wins: PROXY_CONFIG, a file, the pod's annotation, options. Throws ProxyConfigError. */
function configOf({ proxyConfig, podFolder, concurrency, adminPort, agentPort }: ProxyArguments): ProxyConfig {
  const annotated = annotationsOf({ read, podFolder })['proxy.istio.io/config'];
  return [
    configInFile(proxyConfig),
    annotated === undefined ? {} : parseProxyConfig(annotated, 'annotation proxy.istio.io/config'),
    {
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(adminPort === undefined ? {} : { proxyAdminPort: adminPort }),
      ...(agentPort === undefined ? {} : { statusPort: agentPort }),
    },
  ].reduce(overlaid, configInEnvironment());
}

/** Options as the environment would say them: they come first. */
function environmentOf(options: ProxyArguments): NodeJS.ProcessEnv {
  const { pod, namespace, ip, serviceAccount, workload, clusterId } = options;
  const stated = {
    POD_NAME: pod,
    POD_NAMESPACE: namespace,
    INSTANCE_IPS: ip,
    SERVICE_ACCOUNT: serviceAccount,
    ISTIO_META_WORKLOAD_NAME: workload,
    ISTIO_META_CLUSTER_ID: clusterId,
  };
  return Object.fromEntries(Object.entries(stated).filter(([, value]) => value !== undefined));
}

/** `cluster.local`, also where somebody writes `shop.svc.cluster.local`, as Istio's injection does for its agent. */
function suffixIn(domain: string, namespace: string): string {
  const own = `${namespace}.svc.`;
  return domain.startsWith(own) ? domain.slice(own.length) : domain;
}

function withOptions(pod: Pod, { labels, locality }: ProxyArguments): Pod {
  return {
    ...pod,
    ...(labels === undefined ? {} : { labels: { ...pod.labels, ...labels } }),
    ...(locality === undefined ? {} : { locality: parseLocality(locality) }),
  };
}

function configInEnvironment(): ProxyConfig {
  const { PROXY_CONFIG: text } = process.env;
  return text === undefined || text === '' ? {} : parseProxyConfig(text, 'PROXY_CONFIG');
}

function configInFile(file: string | undefined): ProxyConfig {
  if (file === undefined) return {};
  try {
    return parseProxyConfig(readFileSync(file, 'utf8'), file);
  } catch (error) {
    if (error instanceof ProxyConfigError) throw error;
    throw new ProxyConfigError(`cannot read ${file}: ${(error as Error).message}`);
  }
}

function discoveryAddressOf({ discoveryAddress }: ProxyConfig): Address {
  if (discoveryAddress === undefined) return { host: '127.0.0.1', port: 15010 };
  const address = readAddress(discoveryAddress);
  if (address === undefined || address.host === '')
    throw new ProxyConfigError(`discoveryAddress: expected host:port, found ${JSON.stringify(discoveryAddress)}`);
  return address;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Outside of a pod there is none.
    return undefined;
  }
}

function parseLabels(value: string): Labels {
  const pairs = value.split(',').map((pair) => {
    const at = pair.indexOf('=');
    if (at < 1) throw new InvalidArgumentError(`expected key=value with commas between, found ${JSON.stringify(pair)}`);
    return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
  });
  return Object.fromEntries(pairs);
}

function parseCount(value: string): number {
  const number = Number(value);
  if (!/^\d{1,4}$/.test(value) || number > mostThreads)
    throw new InvalidArgumentError(`expected a whole number up to ${mostThreads}, found ${JSON.stringify(value)}`);
  return number;
}

/** A quantity as Kubernetes writes it: `512Mi`. */
function parseBytes(value: string): number {
  const bytes = /^\d+([kMG]i?|Ki)?$/.test(value) ? amountOf(value) : undefined;
  if (bytes === undefined)
    throw new InvalidArgumentError(`expected bytes such as 512Mi, found ${JSON.stringify(value)}`);
  return bytes;
}
