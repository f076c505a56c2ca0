/** Options of injection that `fairway inject` and `fairway serve` have in common. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { envoyLevels } from '../agent/log-levels.ts';
import { readText } from '../files/text.ts';
import { parseYaml } from '../files/yaml.ts';
import { locateInFile } from '../files/yaml-file.ts';
import { overLimit, type Quantities, usualResources } from '../inject/resources.ts';
import {
  defaultRevision,
  type InjectionSettings,
  type PullPolicy,
  pullPolicies,
  usualDiscoveryAddress,
} from '../inject/settings.ts';
import { asTemplate, type PodFragment } from '../inject/template.ts';
import { type LogLevel, logLevels } from '../lib/log.ts';
import type { Finding } from '../model/decode.ts';
import { formatProblem, type Problem } from '../model/problem.ts';
import { amountOf } from '../model/quantity.ts';
import { parseComponentLevels } from './options.ts';
import { version } from './version.ts';

export interface InjectionArguments {
  readonly proxyImage: string;
  readonly proxyPullPolicy?: PullPolicy;
  readonly proxyRequests: Quantities;
  readonly proxyLimits: Quantities;
  readonly proxyLogLevel?: string;
  readonly proxyComponentLogLevel?: string;
  readonly agentLogLevel?: LogLevel;
  readonly revision: string;
  readonly discoveryAddress?: string;
  readonly nativeSidecars: boolean;
  readonly network?: string;
  readonly template?: string;
}

/** What the options say; the MeshConfig says the rest. */
export type StatedSettings = Omit<InjectionSettings, 'mesh'>;

export function withInjectionOptions(command: Command): Command {
  return command
    .option('--proxy-image <image>', 'what sidecars run: an image with Fairway and Envoy', `fairway-proxy:${version}`)
    .addOption(
      new Option('--proxy-pull-policy <policy>', 'when nodes fetch it; when absent as they think best').choices(
        pullPolicies,
      ),
    )
    .addOption(quantities('requests', 'what both containers of a pod ask of its node; "" for nothing'))
    .addOption(quantities('limits', 'what they may use; "" for as much as there is'))
    .addOption(
      new Option('--proxy-log-level <level>', 'the least important lines that Envoy writes, else warning').choices(
        envoyLevels,
      ),
    )
    .addOption(
      new Option(
        '--proxy-component-log-level <component:level,...>',
        'the same for single components of Envoy, else misc:error',
      ).argParser(parseComponentLevels),
    )
    .addOption(
      new Option('--agent-log-level <level>', 'the least important lines that agents write, else info').choices(
        logLevels,
      ),
    )
    .addOption(
      new Option('--revision <name>', 'inject what names this revision by istio.io/rev').default(
        defaultRevision,
        `${defaultRevision}, and what names none`,
      ),
    )
    .option(
      '--discovery-address <host:port>',
      `where sidecars reach the control plane, whatever the MeshConfig says; when absent as it says, else ${usualDiscoveryAddress}`,
    )
    .option('--no-native-sidecars', 'for Kubernetes before 1.29: sidecars are usual containers, not init containers')
    .option('--network <name>', 'the network of pods whose labels name none')
    .option('--template <file>', 'a part of a pod in YAML, laid over every injected pod');
}

/** As `kubectl set resources` has them; annotations of a pod go before. */
function quantities(kind: 'requests' | 'limits', about: string): Option {
  const usual = usualResources[kind];
  const shown = Object.entries(usual).map(([name, amount]) => `${name}=${amount}`);
  return new Option(`--proxy-${kind} <name=quantity,...>`, about)
    .argParser(parseQuantities)
    .default(usual, shown.join());
}

function parseQuantities(value: string): Quantities {
  const items = value.split(',').filter((item) => item.trim() !== '');
  return Object.fromEntries(
    items.map((item) => {
      const [, name = '', amount = ''] = /^\s*([^=\s]+)=(\S+)\s*$/.exec(item) ?? [];
      if (amountOf(amount) === undefined)
        throw new InvalidArgumentError(
          `expected quantities such as cpu=100m,memory=128Mi, found ${JSON.stringify(item)}`,
        );
      return [name, amount];
    }),
  );
}

/** Ends the process with one line for each thing that is wrong with the template, or with resources. */
export function injectionSettings(
  options: InjectionArguments & { readonly clusterId: string; readonly domain: string },
  command: Command,
): StatedSettings {
  const { proxyImage, revision, discoveryAddress, nativeSidecars, network, template, clusterId, domain } = options;
  const { proxyPullPolicy, proxyLogLevel, proxyComponentLogLevel, agentLogLevel } = options;
  const resources = { requests: options.proxyRequests, limits: options.proxyLimits };
  const over = overLimit(resources);
  if (over !== undefined)
    command.error(
      `error: expected --proxy-requests of at most ${over}=${resources.limits[over]}, as --proxy-limits has it, found ${over}=${resources.requests[over]}`,
    );
  return {
    image: proxyImage,
    ...(proxyPullPolicy === undefined ? {} : { pullPolicy: proxyPullPolicy }),
    resources,
    logLevels: {
      ...(proxyLogLevel === undefined ? {} : { proxy: proxyLogLevel }),
      ...(proxyComponentLogLevel === undefined ? {} : { components: proxyComponentLogLevel }),
      ...(agentLogLevel === undefined ? {} : { agent: agentLogLevel }),
    },
    revision,
    hasNativeSidecars: nativeSidecars,
    cluster: clusterId,
    domainSuffix: domain,
    ...(discoveryAddress === undefined ? {} : { discoveryAddress }),
    ...(network === undefined ? {} : { network }),
    ...(template === undefined ? {} : { template: readTemplate(template, command) }),
  };
}

function readTemplate(file: string, command: Command): PodFragment {
  const refuse = (problems: readonly Problem[]): never =>
    command.error(problems.map((problem) => `error: ${formatProblem(problem)}`).join('\n'));
  const text = readText(file);
  if (typeof text !== 'string') return refuse([text]);
  const document = parseYaml({ text, line: 1 });
  if ('code' in document) return refuse([{ ...document, severity: 'error', path: '', file }]);
  const findings: Finding[] = [];
  const template = asTemplate(document.value ?? {}, findings);
  return template ?? refuse(locateInFile(findings, file, document));
}
