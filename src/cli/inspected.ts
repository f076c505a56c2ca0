/** What `validate` and `analyze` share: their options, what they read, and how they end. */
import { type Command, type CommanderError, Option } from 'commander';
import { type Inspection, type InspectionOptions, inspect, PathError, readInputs } from '../inspection.ts';
import { inputsAt } from './inputs.ts';
import { formatReport, isGood, type Report, type ReportFormat, reportFormats } from './report.ts';

export interface InspectionArguments {
  readonly meshConfig?: string;
  readonly domain: string;
  readonly output: ReportFormat;
  readonly strict?: true;
}

/** Exit codes, for both commands. */
export const exitCodes = `
Exit code: 0 nothing is wrong, or warnings at most; 1 something is; 2 the command was not given what it needs.`;

/** Adds the options of InspectionArguments to a command, and 2 as the exit code for wrong usage. */
export function withInspectionOptions(command: Command): Command {
  return command
    .option('--mesh-config <file>', "Istio's MeshConfig in YAML, looked at too")
    .option('--domain <suffix>', 'the DNS suffix of the cluster', 'cluster.local')
    .addOption(
      new Option('-o, --output <format>', 'text for people, json for programs, github for annotations')
        .choices(reportFormats)
        .default('text'),
    )
    .option('--strict', 'fail on warnings too')
    .exitOverride(({ exitCode }: CommanderError) => process.exit(exitCode === 0 ? 0 : 2));
}

/** Reads files, folders and `-` once; ends the process with 2 where a path leads nowhere. */
export async function inspectPaths(
  depth: InspectionOptions['depth'],
  paths: readonly string[],
  { meshConfig, domain }: InspectionArguments,
): Promise<Inspection> {
  try {
    const [mesh] = meshConfig === undefined ? [] : readInputs([meshConfig]);
    return inspect({
      depth,
      inputs: await inputsAt(paths),
      domainSuffix: domain,
      ...(mesh === undefined ? {} : { meshConfig: mesh }),
    });
  } catch (error) {
    if (!(error instanceof PathError)) throw error;
    console.error(`fairway: ${error.message}`);
    process.exit(2);
  }
}

/** Prints what was found; the exit code says whether it is good. */
export function conclude(report: Report, { output, strict }: InspectionArguments): void {
  process.stdout.write(formatReport(report, output));
  process.exitCode = isGood(report, strict === true ? 'strict' : 'usual') ? 0 : 1;
}
