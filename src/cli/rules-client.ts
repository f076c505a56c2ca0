/** What `apply` and `delete` share: where the server is, what they read, what they print, and how they end. */
import { readFileSync } from 'node:fs';
import { type Command, type CommanderError, Option } from 'commander';
import { customResources } from '../config/custom-resources.ts';
import { FileParser } from '../files/file.ts';
import { type Input, PathError } from '../inspection.ts';
import { isLoopback } from '../lib/ip.ts';
import { locate } from '../model/decode.ts';
import type { KubernetesObject } from '../model/kubernetes-object.ts';
import type { Problem } from '../model/problem.ts';
import { type Answer, RulesClient, RulesClientError } from '../rules-api/client.ts';
import type { ObjectPlace } from '../rules-api/place.ts';
import { inputsAt } from './inputs.ts';
import { collect } from './options.ts';
import { problemText } from './report.ts';
import { version } from './version.ts';

export interface RulesClientArguments {
  readonly filename: readonly string[];
  readonly server: string;
  readonly tokenFile: string;
  readonly caFile?: string;
}

export const rulesExitCodes = `
Exit code: 0 every object is as it was asked for; 1 some are not; 2 the command was not given what it needs, or the server
cannot be asked.`;

/** Adds the options of RulesClientArguments to a command, and 2 as the exit code for wrong usage. */
export function withRulesClientOptions(command: Command): Command {
  return command
    .option(
      '-f, --filename <path>',
      'a file or folder of YAML or JSON, or - for standard input; repeatable',
      collect,
      [],
    )
    .addOption(
      new Option('--server <url>', 'the API of `fairway serve --api-address`, such as https://fairway.example:15016')
        .env('FAIRWAY_SERVER')
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--token-file <file>', 'the file whose first line is the token')
        .env('FAIRWAY_TOKEN_FILE')
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--ca-file <file>', "authorities in PEM that vouch for the server, when the system's do not").env(
        'FAIRWAY_CA_FILE',
      ),
    )
    .exitOverride(({ exitCode }: CommanderError) => process.exit(exitCode === 0 ? 0 : 2));
}

/** The objects of some paths, in order, and what is wrong with the texts. Ends the process where a path leads nowhere. */
export async function readObjects(
  paths: readonly string[],
  command: Command,
): Promise<{
  readonly objects: readonly KubernetesObject[];
  readonly problems: readonly Problem[];
}> {
  const contents = (await inputsOf(paths, command)).map(({ file, text }) =>
    typeof text === 'string' ? new FileParser(file).parse(text) : { objects: new Map(), problems: [text] },
  );
  return {
    objects: contents.flatMap(({ objects }) => [...objects.values()]),
    problems: contents.flatMap(({ problems }) => problems),
  };
}

async function inputsOf(paths: readonly string[], command: Command): Promise<readonly Input[]> {
  try {
    return await inputsAt(paths);
  } catch (error) {
    if (!(error instanceof PathError)) throw error;
    return command.error(`error: ${error.message}`);
  }
}

/** Where the API has an object; undefined for a kind that is not Istio's. */
export function placeOfObject({ group, version, kind, namespace, name }: KubernetesObject): ObjectPlace | undefined {
  const resource = customResources.find((known) => known.group === group && known.kind === kind);
  return resource === undefined ? undefined : { resource, version, namespace, name };
}

/** What is said of an object of a kind that is not Istio's, without asking. */
export const foreign: Answer = { status: 0, error: "expected an object of one of Istio's kinds", findings: [] };

/** Runs with a client; the result says whether all is as it was asked for. Ends the process when the server cannot be asked. */
export async function withClient(
  { server, tokenFile, caFile }: RulesClientArguments,
  command: Command,
  run: (client: RulesClient) => Promise<boolean>,
): Promise<void> {
  const url = serverUrl(server, command);
  const [token = ''] = readOption(tokenFile, '--token-file', command).split(/\r?\n/, 1);
  const authorities = caFile === undefined ? {} : { authorities: readOption(caFile, '--ca-file', command) };
  const client = new RulesClient({ server: url, token: token.trim(), userAgent: `fairway/${version}`, ...authorities });
  try {
    process.exitCode = (await run(client)) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof RulesClientError)) throw error;
    console.error(`fairway: ${error.message}`);
    process.exitCode = 2;
  } finally {
    client.close();
  }
}

function serverUrl(text: string, command: Command): URL {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    return command.error(`error: expected a URL such as https://fairway.example:15016 in --server, found ${text}`);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (url.protocol === 'http:' && host !== 'localhost' && !isLoopback(host))
    return command.error(`error: expected https:// in --server: the token does not travel in plaintext, found ${text}`);
  return url;
}

function readOption(path: string, option: string, command: Command): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    return command.error(`error: expected a readable file in ${option}, found ${(error as Error).message}`);
  }
}

/** Prints what has become of an object; yields whether that is what was asked for. */
export function report(object: KubernetesObject, { result, generation, other, error, findings }: Answer): boolean {
  const { kind, namespace, name } = object;
  const version = generation === undefined ? '' : ` (generation ${generation})`;
  const elsewhere =
    other === undefined ? '' : generation === undefined ? `; in force is now ${other}` : `; it lies over ${other}`;
  const lines = findings.map((finding) => problemText(locate(finding, object)));
  const isRefused = findings.some(({ severity }) => severity === 'error');
  const fate = result ?? (isRefused ? 'refused' : `refused: ${error}`);
  process.stdout.write(`${[`${kind} ${namespace}/${name} ${fate}${version}${elsewhere}`, ...lines].join('\n')}\n`);
  return result !== undefined;
}
