/** `fairway proxy`: what runs beside an application, or as a gateway. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Argument, type Command, Option } from 'commander';
import { currentNameservers } from '../agent/dns/upstream.ts';
import type { DrainPolicy } from '../agent/drain.ts';
import { findEnvoy, whyNoEnvoy } from '../agent/envoy-program.ts';
import { ApplicationMetricsError, parsePrometheusAnnotations } from '../agent/metrics.ts';
import { usualPorts } from '../agent/ports.ts';
import { ProbeError, parseProbes } from '../agent/probes.ts';
import { ProxyProcess, ProxyStartError } from '../agent/proxy.ts';
import { envoyArguments } from '../agent/proxy-bootstrap.ts';
import type { ProxyConfig } from '../agent/proxy-config.ts';
import type { ReadinessProbe } from '../agent/readiness-probe.ts';
import { formatAddress } from '../lib/address.ts';
import { systemClock } from '../lib/clock.ts';
import { isTrue } from '../lib/is-true.ts';
import { createLog, type LogArguments, withLogOptions } from './log.ts';
import { parsePort, parseWait } from './options.ts';
import { preStop, waitUntilReady } from './proxy-hooks.ts';
import { agentPort, type ProxyArguments, proxySettings, withProxyOptions } from './proxy-options.ts';
import { untilSignal } from './signals.ts';
import { version } from './version.ts';

interface ProxyCommandArguments extends ProxyArguments, LogArguments {
  readonly wait?: true;
  readonly preStop?: true;
  readonly timeout: number;
  readonly drain?: number;
  readonly dnsPort: number;
  readonly workFolder?: string;
}

export function proxyCommand(command: Command): Command {
  return withProxyOptions(
    withLogOptions(
      command
        .description(
          'Run the Envoy of a sidecar or a gateway: write its bootstrap, start it again when it crashes, answer probes and ' +
            'Prometheus for the whole pod on port 15020, and on SIGTERM let requests end before it goes.',
        )
        .addArgument(new Argument('[type]', 'what the Envoy is').choices(['sidecar', 'router']).default('sidecar'))
        .option(
          '--wait',
          'only wait until the proxy of this pod is ready: for a postStart hook, before the application',
        )
        .option('--pre-stop', 'only let the proxy of this pod drain, and wait for that: for a preStop hook')
        .addOption(
          new Option('--timeout <duration>', 'how long --wait waits').argParser(parseWait).default(60_000, '60s'),
        )
        .addOption(
          new Option(
            '--drain <duration>',
            'how long requests may take to end after SIGTERM (its terminationDrainDuration, else 25s)',
          ).argParser(parseWait),
        )
        .addOption(
          new Option('--dns-port <port>', 'where DNS is answered when ISTIO_META_DNS_CAPTURE is true')
            .argParser(parsePort)
            .default(usualPorts.dns),
        )
        .option('--work-folder <folder>', "where Envoy's bootstrap goes, and stays"),
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
  if (options.wait === true) return waitUntilReady(agentPort(options, command), options.timeout, command);
  if (options.preStop === true) return preStop(agentPort(options, command), command);
  const { envoy, bootstrapOptions, agentPort: port, drain } = proxySettings(type, options, command, loopback);
  const { pod, namespace, xds, metadata, serving } = bootstrapOptions;
  const policy = drain(options.drain);
  const program = findEnvoy();
  if (program === undefined)
    return command.error(`error: expected an Envoy on PATH, or named by ENVOY, ${whyNoEnvoy()}`);
  const log = await createLog({ format: options.logFormat, level: options.logLevel });
  const workFolder = options.workFolder ?? temporaryFolder(command);
  const asked = Promise.withResolvers<string>();
  const proxy = new ProxyProcess({
    bootstrap: bootstrapOptions,
    program: program.path,
    args: (file) => envoyArguments(file, envoy),
    workFolder,
    // Kubelets ask on the pod's own addresses.
    status: { host: serving?.bind ?? '0.0.0.0', port },
    ...applicationOf(port, command),
    ...(isTrue(metadata.DNS_CAPTURE) ? { dns: dnsOf(options.dnsPort) } : {}),
    ...readinessOf(envoy.config),
    drain: policy,
    log,
    onQuit: () => asked.resolve('asked to end'),
  });
  const signal = untilSignal(['SIGINT', 'SIGTERM', 'SIGHUP']);
  const cleanUp = () => {
    if (options.workFolder === undefined) rmSync(workFolder, { recursive: true, force: true });
  };
  process.on('exit', cleanUp);
  const status = await proxy.start().catch((error: unknown) => {
    if (!(error instanceof ProxyStartError)) throw error;
    return command.error(`error: ${error.message}`);
  });
  log.info(`Envoy ${program.version} as the ${type} of ${pod}.${namespace}, told by ${formatAddress(xds)}`, {
    version,
  });
  log.info(`status on http://${formatAddress(status)}/healthz/ready`);
  const reason = await Promise.race([signal, asked.promise]);
  log.info(`${reason}: draining${limitOf(policy)}; a second signal ends it`);
  await proxy.stop();
  log.info('stopped');
}

const loopback = '127.0.0.1';

function temporaryFolder(command: Command): string {
  try {
    return mkdtempSync(join(tmpdir(), 'fairway-proxy-'));
  } catch (error) {
    return command.error(
      `error: cannot write to ${tmpdir()}: ${(error as Error).message}; --work-folder or TMPDIR names another folder`,
    );
  }
}

function limitOf({ mostMs }: DrainPolicy): string {
  return Number.isFinite(mostMs) ? `, requests may take ${mostMs / 1000} s to end` : ' until nobody is connected';
}

/** What injection says of the application. Ends the process with one line when it cannot be read. */
function applicationOf(
  port: number,
  command: Command,
): Pick<ConstructorParameters<typeof ProxyProcess>[0], 'probes' | 'applicationMetrics'> {
  const { KUBE_APP_PROBERS: probes, ISTIO_PROMETHEUS_ANNOTATIONS: metrics } = process.env;
  try {
    const applicationMetrics = parsePrometheusAnnotations(metrics, port);
    return {
      probes: probes === undefined || probes === '' ? new Map() : parseProbes(probes),
      ...(applicationMetrics === undefined ? {} : { applicationMetrics }),
    };
  } catch (error) {
    if (!(error instanceof ProbeError || error instanceof ApplicationMetricsError)) throw error;
    return command.error(`error: ${error.message}`);
  }
}

function readinessOf({ readinessProbe }: ProxyConfig): { readonly readiness?: ReadinessProbe } {
  return readinessProbe === undefined ? {} : { readiness: readinessProbe };
}

function dnsOf(port: number): NonNullable<ConstructorParameters<typeof ProxyProcess>[0]['dns']> {
  // Where iptables send questions of either family.
  const hosts = [loopback, '::1'];
  const own = hosts.map((host) => ({ host, port }));
  return { hosts, port, upstreams: currentNameservers('/etc/resolv.conf', own, systemClock) };
}
