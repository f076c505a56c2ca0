/** `fairway inject`: sidecars into manifests, before they reach a cluster. */
import type { Command } from 'commander';
import { decodeMeshConfig } from '../config/decode-mesh-config.ts';
import { decodeText, readText } from '../files/text.ts';
import { parseYaml } from '../files/yaml.ts';
import { locateInFile } from '../files/yaml-file.ts';
import { injectManifests, type Manifests } from '../inject/manifests.ts';
import { injectedMesh } from '../inject/mesh.ts';
import type { InjectedMesh } from '../inject/settings.ts';
import { hasError } from '../model/decode.ts';
import { formatProblem, type Problem } from '../model/problem.ts';
import { type InjectionArguments, injectionSettings, withInjectionOptions } from './injection.ts';
import { collect } from './options.ts';
import { writeOutput } from './output.ts';
import { problemText } from './report.ts';
import { standardInput } from './standard-input.ts';

interface InjectArguments extends InjectionArguments {
  readonly filename: readonly string[];
  readonly output?: string;
  readonly namespace: string;
  readonly meshConfig?: string;
  readonly clusterId: string;
  readonly domain: string;
}

export function injectCommand(command: Command): Command {
  return withInjectionOptions(
    command
      .description(
        'Put sidecars into the pods of manifests: Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob, ' +
          'ReplicationController and Lists of them. Everything else is passed on as it is.',
      )
      .requiredOption('-f, --filename <file>', 'a file of manifests, or - for standard input; repeatable', collect)
      .option('-o, --output <file>', 'where to write them; standard output when absent')
      .option('-n, --namespace <name>', 'the namespace of objects that state none', 'default')
      .option('--mesh-config <file>', "Istio's MeshConfig in YAML, for its defaultConfig")
      .option('--cluster-id <id>', 'the cluster that they will run in', 'Kubernetes')
      .option('--domain <suffix>', 'the DNS suffix of the cluster', 'cluster.local'),
  )
    .addHelpText(
      'after',
      `
Standard error says which workloads have no sidecar, and why. Nothing is written when something is wrong.

Examples:
  fairway inject -f shop.yaml | kubectl apply -f -
  kubectl get deployment web -o yaml | fairway inject -f - | kubectl apply -f -
  fairway inject -f shop.yaml --template sidecars.yaml --proxy-image example.com/fairway-proxy:1`,
    )
    .action(run);
}

async function run(options: InjectArguments, command: Command): Promise<void> {
  const settings = { ...injectionSettings(options, command), mesh: meshOf(options.meshConfig, command) };
  const files = [...new Set(options.filename)];
  const inputs = await Promise.all(files.map((file) => readManifests(file, command)));
  const { texts, problems } = injectManifests(inputs, { settings, namespace: options.namespace });
  for (const problem of problems) console.error(problemText(problem));
  if (hasError(problems)) {
    process.exitCode = 1;
    return;
  }
  writeOutput(joined(texts), options.output, command);
}

/** One stream of documents. */
function joined(texts: readonly string[]): string {
  const [first = '', ...others] = texts;
  return others.reduce(
    (text, next) =>
      `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${/^---\s/.test(next) ? '' : '---\n'}${next}`,
    first,
  );
}

async function readManifests(file: string, command: Command): Promise<Manifests> {
  const name = file === '-' ? 'stdin' : file;
  const text = file === '-' ? decodeText(await standardInput(), name) : readText(file);
  return typeof text === 'string' ? { file: name, text } : refuse([text], command);
}

function meshOf(file: string | undefined, command: Command): InjectedMesh {
  if (file === undefined) return injectedMesh({}).mesh;
  const text = readText(file);
  if (typeof text !== 'string') return refuse([text], command);
  const document = parseYaml({ text, line: 1 });
  if ('code' in document) return refuse([{ ...document, severity: 'error', path: '', file }], command);
  const { config, findings } = decodeMeshConfig(document.value);
  if (config === undefined) return refuse(locateInFile(findings, file, document), command);
  const { mesh, problem } = injectedMesh(config);
  return problem === undefined ? mesh : command.error(`error: ${file}: ${problem}`);
}

function refuse(problems: readonly Problem[], command: Command): never {
  return command.error(problems.map((problem) => `error: ${formatProblem(problem)}`).join('\n'));
}
