/** `fairway serve`: the control plane alone. */
import { type Command, Option } from 'commander';
import { clusterStore } from '../auto-registration/cluster-store.ts';
import { entryFolder } from '../auto-registration/entry-folder.ts';
import { clusterStatus } from '../cluster-status.ts';
import { configCluster } from '../config-cluster.ts';
import { type DiscoveryServerOptions, startDiscoveryServer } from '../discovery-server.ts';
import { fileSource } from '../files/file-source.ts';
import { inClusterAccess } from '../kubernetes/in-cluster.ts';
import { readKubeconfig } from '../kubernetes/kubeconfig.ts';
import { type Address, formatAddress } from '../lib/address.ts';
import type { Log } from '../lib/log.ts';
import { AccessError, type ServerAccess } from '../lib/server-access.ts';
import { meshConfigSource } from '../mesh-config-source.ts';
import type { Catalog } from '../model/catalog.ts';
import type { KeptState } from '../state/keep-state.ts';
import { type CatalogArguments, catalogHelp, catalogsOf, withCatalogOptions } from './catalogs.ts';
import { consulRulesOf } from './consul-rules.ts';
import { type InjectionArguments, injectionSettings, withInjectionOptions } from './injection.ts';
import { createLog, type LogArguments, withLogOptions } from './log.ts';
import { collect, parseAddress, parseWait } from './options.ts';
import { type RulesApi, type RulesArguments, rulesApiOf, withRulesOptions } from './rules.ts';
import { untilSignal } from './signals.ts';
import { type StateArguments, stateOf, withStateOptions } from './state.ts';
import { version } from './version.ts';

/** Options that every command with a control plane in it has. */
export interface ServerArguments extends LogArguments {
  readonly meshConfig?: string;
  readonly xdsAddress: Address;
  readonly httpAddress: Address;
  readonly clusterId: string;
  readonly domain: string;
  readonly drain: number;
}

interface ServeArguments extends ServerArguments, CatalogArguments, RulesArguments, StateArguments, InjectionArguments {
  readonly config: readonly string[];
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly inCluster?: true;
  readonly systemNamespace: string;
  readonly meshConfigMap: string;
  readonly status: boolean;
  readonly workloadGrace: number;
  readonly webhookAddress?: Address;
  readonly webhookCert?: string;
  readonly webhookKey?: string;
  readonly inject?: true;
}

/** Adds the options of ServerArguments to a command. */
export function withServerOptions(command: Command): Command {
  return withLogOptions(
    command
      .option('--mesh-config <file>', "Istio's MeshConfig in YAML, watched")
      .addOption(
        new Option('--xds-address <host:port>', 'where proxies connect (xDS over gRPC, plaintext)')
          .argParser(parseAddress)
          .default({ host: '127.0.0.1', port: 15010 }, '127.0.0.1:15010'),
      )
      .addOption(
        new Option('--http-address <host:port>', 'where /ready, /version, /metrics and /debug/* are served')
          .argParser(parseAddress)
          .default({ host: '127.0.0.1', port: 15014 }, '127.0.0.1:15014'),
      )
      .option('--cluster-id <id>', 'the id of the cluster that the objects belong to', 'Kubernetes')
      .option('--domain <suffix>', 'the DNS suffix of the cluster', 'cluster.local')
      .addOption(
        new Option('--drain <duration>', 'how long proxies may take to leave after SIGTERM')
          .argParser(parseWait)
          .default(5000, '5s'),
      ),
  );
}

export function serveCommand(command: Command): Command {
  return withServerOptions(
    withInjectionOptions(
      withRulesOptions(
        withStateOptions(withCatalogOptions(command))
          .description('Serve the mesh that Kubernetes, Consul, Nomad and files describe to Envoys, over xDS.')
          .option('--config <path>', 'a file or folder of Kubernetes and Istio YAML, watched; repeatable', collect, [])
          .option('--kubeconfig <file>', 'read services and rules from the cluster of this kubeconfig')
          .option('--context <name>', "the kubeconfig's context, when it is not the current one")
          .option('--in-cluster', 'read services and rules from the cluster in whose pod this runs')
          .option('--system-namespace <name>', "where the cluster keeps the mesh's own objects", 'istio-system')
          .option('--mesh-config-map <name>', 'the ConfigMap there with the MeshConfig, in the key mesh', 'istio')
          .option(
            '--no-status',
            'write nothing to the cluster, neither statuses nor WorkloadEntries: for an account that may only read',
          )
          .addOption(
            new Option('--workload-grace <duration>', 'how long a workload that has registered itself may be away')
              .argParser(parseWait)
              .default(10_000, '10s'),
          )
          .addOption(
            new Option(
              '--webhook-address <host:port>',
              'where API servers ask before they store a rule (HTTPS)',
            ).argParser(parseAddress),
          )
          .option(
            '--webhook-cert <file>',
            "the webhook's certificate in PEM, those that vouch for it after it; watched",
          )
          .option('--webhook-key <file>', 'its private key in PEM, watched')
          .option('--inject', 'put sidecars into pods that API servers ask about; the options below say how'),
      ),
    ),
  )
    .addHelpText(
      'after',
      `
Of several objects of one name that of the HTTP API counts, then that of files (--config), then that of
Consul's KV (--consul-rules), then that of the cluster; --mesh-config takes the place of the ConfigMap.
${catalogHelp}

Examples:
  fairway serve --config mesh/
  fairway serve --config services.yaml --config rules/ --mesh-config mesh-config.yaml --xds-address 0.0.0.0:15010
  fairway serve --kubeconfig ~/.kube/config --context staging
  fairway serve --consul http://127.0.0.1:8500 --config rules/
  fairway serve --consul 'https://127.0.0.1:8501?dc=dc1&dc=dc2&token-file=token&alias={name}.shop.svc.cluster.local'
  fairway serve --registry './http-json.ts:http://127.0.0.1:8080/services?namespace=shop' --config rules/
  fairway serve --in-cluster --xds-address 0.0.0.0:15010 --http-address 0.0.0.0:15014
  fairway serve --in-cluster --webhook-address 0.0.0.0:15017 --webhook-cert tls.crt --webhook-key tls.key --inject`,
    )
    .action(serve);
}

async function serve(options: ServeArguments, command: Command): Promise<void> {
  const { meshConfig, xdsAddress, httpAddress, clusterId, domain, drain } = options;
  const log = await createLog({ format: options.logFormat, level: options.logLevel });
  const rulesIn = rulesApiOf(options, command, log);
  const webhook = webhookOf(options, command);
  const found = await catalogsOf(options, command, log);
  // The folder is opened when nothing else can be wrong with the options.
  const state = stateOf(options, command, log);
  const rules = state === undefined ? undefined : rulesIn?.(state.folder);
  const asked = { ...sourcesOf({ ...options, rules, state, found }, command, log), ...webhook };
  const signal = untilSignal();
  const stop = new AbortController();
  void signal.then(() => stop.abort());
  const server = await startDiscoveryServer({
    ...asked,
    ...(rules === undefined ? {} : { api: rules.api }),
    ...(meshConfig === undefined ? {} : { meshConfig: (sink) => meshConfigSource(meshConfig, sink) }),
    xdsAddress,
    httpAddress,
    cluster: clusterId,
    domainSuffix: domain,
    version,
    log,
    signal: stop.signal,
  }).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  if (server !== undefined) {
    const [xds, http] = [formatAddress(server.xdsAddress), formatAddress(server.httpAddress)];
    log.info(`serving xDS on ${xds}, HTTP on http://${http}`, { version });
    log.info(`${await signal}: draining; proxies may take ${drain / 1000} s to leave, a second signal ends it`);
    await server.close(drain);
  }
  await state?.close();
  log.info('stopped');
}

/** Where objects come from. Ends the process with one line when the options do not say. */
function sourcesOf(
  options: ServeArguments & {
    readonly rules: RulesApi | undefined;
    readonly state: KeptState | undefined;
    readonly found: readonly Catalog[];
  },
  command: Command,
  log: Log,
): Pick<
  DiscoveryServerOptions,
  'sources' | 'overlays' | 'catalogs' | 'meshConfig' | 'otherClusters' | 'writer' | 'registration'
> {
  const { config, rules, state, systemNamespace, meshConfigMap, workloadGrace: graceMs } = options;
  const entries = state?.folder.folder('registered-workloads');
  const own = { graceMs, ...(entries === undefined ? {} : { folder: entryFolder(entries, log) }) };
  const access = accessOf(options, command);
  // From below: what was said last, and on purpose, counts.
  const layers = [
    ...[
      ...consulRulesOf(options.consulRules, command, log),
      ...(config.length === 0 ? [] : [fileSource({ paths: config, log })]),
    ].map((source) => state?.objects(source) ?? source),
    ...(rules === undefined ? [] : [rules.source]),
  ];
  const catalogs = options.found.map((catalog) => state?.catalog(catalog) ?? catalog);
  if (access !== undefined) {
    const cluster = configCluster({
      ...{ access, id: options.clusterId, version, systemNamespace, meshConfigMap, log },
      ...(state === undefined ? {} : { remember: state.objects }),
    });
    const { client, sources, meshConfig, others } = cluster;
    const common = { overlays: layers, catalogs, meshConfig, otherClusters: others };
    if (!options.status) return { ...common, sources, registration: own };
    const status = clusterStatus({ client, systemNamespace, log });
    const registration = { graceMs, store: clusterStore(client) };
    return { ...common, sources: sources.map(status.tap), writer: status.writer, registration };
  }
  // A mesh of unknown destinations is a mesh; without any word on it, the option was forgotten.
  if (layers.length === 0 && catalogs.length === 0 && options.meshConfig === undefined)
    command.error(
      'error: expected --kubeconfig <file>, --in-cluster, --config <path> with the files of a mesh, --consul <url>, --nomad <url>, --registry <module:options>, --consul-rules <url>, --api-address <host:port>, or at least --mesh-config <file>, found none of them',
    );
  return { sources: layers.slice(0, 1), overlays: layers.slice(1), catalogs, registration: own };
}

/** The webhook that the options ask for. Ends the process with one line when they ask for half of one. */
function webhookOf(options: ServeArguments, command: Command): Pick<DiscoveryServerOptions, 'webhook'> {
  const {
    webhookAddress: address,
    webhookCert: certPath,
    webhookKey: keyPath,
    systemNamespace,
    meshConfigMap,
    inject,
  } = options;
  if (address === undefined && certPath === undefined && keyPath === undefined) {
    if (inject !== true) return {};
    return command.error('error: expected --webhook-address <host:port> with --inject, found none');
  }
  if (address === undefined || certPath === undefined || keyPath === undefined) {
    const given = Object.entries({ address, cert: certPath, key: keyPath }).filter(([, value]) => value !== undefined);
    const found = given.map(([name]) => `--webhook-${name}`).join(' and ');
    return command.error(
      `error: expected --webhook-address <host:port>, --webhook-cert <file> and --webhook-key <file> together, found only ${found}`,
    );
  }
  const injected = inject === true ? { injected: injectionSettings(options, command) } : {};
  const meshConfig = { namespace: systemNamespace, name: meshConfigMap };
  return { webhook: { address, certPath, keyPath, meshConfig, ...injected } };
}

function accessOf({ kubeconfig, context, inCluster }: ServeArguments, command: Command): ServerAccess | undefined {
  if (kubeconfig !== undefined && inCluster === true)
    command.error('error: expected --kubeconfig or --in-cluster, found both');
  if (context !== undefined && kubeconfig === undefined)
    command.error('error: expected --kubeconfig <file> with --context, found none');
  try {
    if (inCluster === true) return inClusterAccess();
    return kubeconfig === undefined ? undefined : readKubeconfig(kubeconfig, context === undefined ? {} : { context });
  } catch (error) {
    if (!(error instanceof AccessError)) throw error;
    return command.error(`error: ${error.message}`);
  }
}
