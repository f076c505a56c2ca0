/** `fairway serve`: the control plane alone. */
import { type Command, Option } from 'commander';
import { startDiscoveryServer } from '../discovery-server.ts';
import { fileSource } from '../files/file-source.ts';
import { type Address, formatAddress } from '../lib/address.ts';
import { createLog, type LogFormat, type LogLevel } from './log.ts';
import { collect, parseAddress, parseWait } from './options.ts';
import { untilSignal } from './signals.ts';
import { version } from './version.ts';

/** Options that every command with a control plane in it has. */
export interface ServerArguments {
  readonly meshConfig?: string;
  readonly xdsAddress: Address;
  readonly httpAddress: Address;
  readonly clusterId: string;
  readonly domain: string;
  readonly drain: number;
  readonly logFormat: LogFormat;
  readonly logLevel: LogLevel;
}

interface ServeArguments extends ServerArguments {
  readonly config: readonly string[];
}

/** Adds the options of ServerArguments to a command. */
export function withServerOptions(command: Command): Command {
  return command
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
    )
    .addOption(
      new Option('--log-format <format>', 'json, text, or text on a terminal and json elsewhere')
        .choices(['auto', 'json', 'text'])
        .default('auto'),
    )
    .addOption(
      new Option('--log-level <level>', 'the least important lines to write')
        .choices(['error', 'warn', 'info', 'debug'])
        .default('info'),
    );
}

export function serveCommand(command: Command): Command {
  return withServerOptions(
    command
      .description('Serve the mesh that files describe to Envoys, over xDS.')
      .option('--config <path>', 'a file or folder of Kubernetes and Istio YAML, watched; repeatable', collect, []),
  )
    .addHelpText(
      'after',
      `
Examples:
  fairway serve --config mesh/
  fairway serve --config services.yaml --config rules/ --mesh-config mesh-config.yaml --xds-address 0.0.0.0:15010`,
    )
    .action(serve);
}

async function serve(options: ServeArguments, command: Command): Promise<void> {
  const { config, meshConfig, xdsAddress, httpAddress, clusterId, domain, drain } = options;
  // A mesh of unknown destinations is a mesh; without any word on it, the option was forgotten.
  if (config.length === 0 && meshConfig === undefined)
    command.error(
      'error: expected --config <path> with the files of a mesh, or at least --mesh-config <file>, found neither',
    );
  const log = createLog({ format: options.logFormat, level: options.logLevel });
  const signal = untilSignal();
  const stop = new AbortController();
  void signal.then(() => stop.abort());
  const server = await startDiscoveryServer({
    sources: [fileSource({ paths: config, log })],
    ...(meshConfig === undefined ? {} : { meshConfigPath: meshConfig }),
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
  log.info('stopped');
}
