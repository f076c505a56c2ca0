/** Options of injection that `fairway inject` and `fairway serve` have in common. */
import { type Command, Option } from 'commander';
import { readText } from '../files/text.ts';
import { parseYaml } from '../files/yaml.ts';
import { locateInFile } from '../files/yaml-file.ts';
import { defaultRevision, type InjectionSettings, usualDiscoveryAddress } from '../inject/settings.ts';
import { asTemplate, type PodFragment } from '../inject/template.ts';
import type { Finding } from '../model/decode.ts';
import { formatProblem, type Problem } from '../model/problem.ts';
import { version } from './version.ts';

export interface InjectionArguments {
  readonly proxyImage: string;
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

/** Ends the process with one line for each thing that is wrong with the template. */
export function injectionSettings(
  options: InjectionArguments & { readonly clusterId: string; readonly domain: string },
  command: Command,
): StatedSettings {
  const { proxyImage, revision, discoveryAddress, nativeSidecars, network, template, clusterId, domain } = options;
  return {
    image: proxyImage,
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
