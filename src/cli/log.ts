/** Log lines for machines (JSON) or for people (on a terminal), written by pino. */
import { type Command, Option } from 'commander';
import { pino } from 'pino';
import { type Log, type LogFields, type LogLevel, logLevels } from '../lib/log.ts';

export type LogFormat = 'auto' | 'json' | 'text';

export interface LogArguments {
  readonly logFormat: LogFormat;
  readonly logLevel: LogLevel;
}

/** Adds the options of LogArguments to a command. */
export function withLogOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--log-format <format>', 'json, text, or text on a terminal and json elsewhere')
        .choices(['auto', 'json', 'text'])
        .default('auto'),
    )
    .addOption(
      new Option('--log-level <level>', 'the least important lines to write').choices(logLevels).default('info'),
    );
}

/** Writes to standard error, so that what a command prints stays readable. */
export async function createLog({
  format,
  level,
}: {
  readonly format: LogFormat;
  readonly level: LogLevel;
}): Promise<Log> {
  const isText = format === 'text' || (format === 'auto' && process.stderr.isTTY === true);
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    errorKey: 'error',
    // `"level":"info"`: nobody knows numbers of levels by heart.
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const destination = isText ? await textDestination() : pino.destination({ dest: 2, sync: true });
  const logger = pino(options, destination);
  const line =
    (name: LogLevel) =>
    (message: string, fields: LogFields = {}) =>
      logger[name](fields, message);
  return { error: line('error'), warn: line('warn'), info: line('info'), debug: line('debug') };
}

/** Read when it is wanted: in pods, where memory counts, lines are for machines. */
async function textDestination() {
  const { default: pretty } = await import('pino-pretty');
  const colorize = process.stderr.isTTY === true && (process.env.NO_COLOR ?? '') === '';
  return pretty({ destination: 2, sync: true, colorize, singleLine: true, translateTime: 'SYS:HH:MM:ss' });
}
