/** `fairway proxy`: what runs beside an application, or as a gateway. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Argument, type Command, Option } from 'commander';
import { nameserversIn } from '../agent/dns/upstream.ts';
import { findEnvoy } from '../agent/envoy-program.ts';
import { ask } from '../agent/http-get.ts';
import { parsePrometheusAnnotations } from '../agent/metrics.ts';
import { ProbeError, parseProbes } from '../agent/probes.ts';
import { ProxyProcess } from '../agent/proxy.ts';
import { envoyArguments, usualPorts } from '../agent/proxy-bootstrap.ts';
import { formatAddress } from '../lib/address.ts';
import { createLog, type LogFormat, type LogLevel } from './log.ts';
import { parsePort, parseWait } from './options.ts';
import { type ProxyArguments, proxySettings, withProxyOptions } from './proxy-options.ts';
import { untilSignal } from './signals.ts';
import { version } from './version.ts';

interface ProxyCommandArguments extends ProxyArguments {
  readonly wait?: true;
  readonly preStop?: true;
  readonly timeout: number;
  readonly drain: number;
  readonly dnsPort: number;
  readonly workFolder?: string;
  readonly logFormat: LogFormat;
  readonly logLevel: LogLevel;
}

export function proxyCommand(command: Command): Command {
  return withProxyOptions(
    command
      .description(
        'Run the Envoy of a sidecar or a gateway: write its bootstrap, start it again when it crashes, answer probes and ' +
          'Prometheus for the whole pod on port 15020, and on SIGTERM let requests end before it goes.',
      )
      .addArgument(new Argument('[type]', 'what the Envoy is').choices(['sidecar', 'router']).default('sidecar'))
      .option('--wait', 'only wait until the proxy of this pod is ready: for a postStart hook, before the application')
      .option('--pre-stop', 'only let the proxy of this pod drain, and wait for that: for a preStop hook')
      .addOption(
        new Option('--timeout <duration>', 'how long --wait waits').argParser(parseWait).default(60_000, '60s'),
      )
      .addOption(
        new Option('--drain <duration>', 'how long requests may take to end after SIGTERM')
          .argParser(parseWait)
          .default(25_000, '25s'),
      )
      .addOption(
        new Option('--dns-port <port>', 'where DNS is answered when ISTIO_META_DNS_CAPTURE is true')
          .argParser(parsePort)
          .default(15053),
      )
      .option('--work-folder <folder>', "where Envoy's bootstrap goes, and stays")
      .addOption(
        new Option('--log-format <format>', 'json, text, or text on a terminal and json elsewhere')
          .choices(['auto', 'json', 'text'])
          .default('auto'),
      )
      .addOption(
        new Option('--log-level <level>', 'the least important lines to write')
          .choices(['error', 'warn', 'info', 'debug'])
          .default('info'),
      ),
  )
    .addHelpText(
      'after',
      `
Examples:
  fairway proxy --discovery-address fairway.istio-system:15010
  fairway proxy router --pod ingress-1 --namespace istio-system --ip 10.0.0.8 --discovery-address 10.0.0.2:15010
  fairway proxy --wait`,
    )
    .action(proxy);
}

async function proxy(type: 'sidecar' | 'router', options: ProxyCommandArguments, command: Command): Promise<void> {
  if (options.wait === true) return waitUntilReady(options.timeout, command);
  if (options.preStop === true) return preStop(options.drain, command);
  const agent = { host: '127.0.0.1', port: usualPorts.agent };
  const { settings, bootstrapOptions } = proxySettings(type, options, command, agent);
  const envoy = findEnvoy();
  if (envoy === undefined) return command.error('error: expected an Envoy on PATH, or named by ENVOY, found none');
  const log = createLog({ format: options.logFormat, level: options.logLevel });
  const workFolder = options.workFolder ?? mkdtempSync(join(tmpdir(), 'fairway-proxy-'));
  const asked = Promise.withResolvers<string>();
  const process = new ProxyProcess({
    bootstrap: bootstrapOptions,
    program: envoy.path,
    args: (file) => envoyArguments(file, settings),
    workFolder,
    // Kubelets ask on the pod's own addresses.
    status: { host: bootstrapOptions.serving?.bind ?? '0.0.0.0', port: agent.port },
    ...applicationOf(command),
    ...(isTrue(bootstrapOptions.metadata.DNS_CAPTURE) ? { dns: dnsOf(options.dnsPort) } : {}),
    drainMs: options.drain,
    leastDrainMs: Math.min(settings.config.terminationDrainDuration ?? 5000, options.drain),
    log,
    onQuit: () => asked.resolve('asked to end'),
  });
  const signal = untilSignal();
  const status = await process.start();
  const { node, xds } = { node: `${bootstrapOptions.pod}.${bootstrapOptions.namespace}`, xds: bootstrapOptions.xds };
  log.info(`Envoy ${envoy.version} as the ${type} of ${node}, told by ${formatAddress(xds)}`, { version });
  log.info(`status on http://${formatAddress(status)}/healthz/ready`);
  const reason = await Promise.race([signal, asked.promise]);
  log.info(`${reason}: draining; requests may take ${options.drain / 1000} s to end, a second signal ends it`);
  await process.stop();
  if (options.workFolder === undefined) rmSync(workFolder, { recursive: true, force: true });
  log.info('stopped');
}

/** What injection says of the application. Ends the process with one line when it cannot be read. */
function applicationOf(
  command: Command,
): Pick<ConstructorParameters<typeof ProxyProcess>[0], 'probes' | 'applicationMetrics'> {
  const { KUBE_APP_PROBERS: probes, ISTIO_PROMETHEUS_ANNOTATIONS: metrics } = process.env;
  try {
    const applicationMetrics = parsePrometheusAnnotations(metrics);
    return {
      probes: probes === undefined || probes === '' ? new Map() : parseProbes(probes),
      ...(applicationMetrics === undefined ? {} : { applicationMetrics }),
    };
  } catch (error) {
    if (error instanceof ProbeError) return command.error(`error: ${error.message}`);
    return command.error(`error: expected ISTIO_PROMETHEUS_ANNOTATIONS to be JSON, found ${JSON.stringify(metrics)}`);
  }
}

/** Istio writes truths as texts. */
function isTrue(value: unknown): boolean {
  return value === true || value === 'true' || value === '1';
}

function dnsOf(port: number): NonNullable<ConstructorParameters<typeof ProxyProcess>[0]['dns']> {
  const address = { host: '127.0.0.1', port };
  return { address, upstreams: nameserversIn('/etc/resolv.conf', address) };
}

const lookMs = 200;

async function waitUntilReady(timeoutMs: number, command: Command): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  const question = { host: '127.0.0.1', port: usualPorts.status, path: '/healthz/ready', timeoutMs: 2000 };
  let last = 'nobody answers on port 15021';
  while (performance.now() < deadline) {
    try {
      const { status, body } = await ask(question);
      if (status === 200) return;
      last = body.trim();
    } catch (error) {
      last = (error as Error).message;
    }
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
  command.error(`error: expected the proxy to be ready within ${timeoutMs / 1000} s, found ${last}`);
}

async function preStop(timeoutMs: number, command: Command): Promise<void> {
  try {
    await ask({
      host: '127.0.0.1',
      port: usualPorts.agent,
      path: '/drain',
      method: 'POST',
      timeoutMs: timeoutMs + 5000,
    });
  } catch (error) {
    command.error(`error: the proxy of this pod does not drain: ${(error as Error).message}`);
  }
}
