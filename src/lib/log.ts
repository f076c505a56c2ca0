/** Fields with fixed names, so that lines can be searched: no secrets, no bodies. */
export interface LogFields {
  readonly registry?: string;
  readonly proxy?: string;
  readonly type?: string;
  readonly resource?: string;
  readonly revision?: number;
  readonly durationMs?: number;
  readonly error?: unknown;
  readonly [field: string]: unknown;
}

/** Writes one line per event. `error`: someone must act; `warn`: should look; `info`: rare changes of state; `debug`: the rest. */
export interface Log {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
}

/** The most urgent first. */
export const logLevels = ['error', 'warn', 'info', 'debug'] as const satisfies readonly (keyof Log)[];
export type LogLevel = (typeof logLevels)[number];

/** For tests and one-shot commands. */
export const silent: Log = { error() {}, warn() {}, info() {}, debug() {} };
