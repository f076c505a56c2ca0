/** The values that header operations write, in the format of Envoy's substitution commands. */
import { envoyCommands } from './envoy-commands.ts';

/**
 * Why Envoy would refuse a header's value; undefined when it takes it. A `%` begins a command such as `%REQ(x-id)%` or
 * `%START_TIME%`; `%%` is the sign itself.
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#custom-request-response-headers
 */
export function headerValueProblem(value: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be in a header
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)) return 'expected no control characters, found some';
  return commandsProblem(value);
}

/** Why Envoy would refuse a text with commands, as headers and access logs have them. */
export function commandsProblem(value: string): string | undefined {
  for (let at = value.indexOf('%'); at >= 0; at = value.indexOf('%', at)) {
    if (value[at + 1] === '%') {
      at += 2;
      continue;
    }
    const command = commandAt(value, at + 1);
    if (command === undefined)
      return `expected a command such as %REQ(x-id)%, or %% for the sign itself, found ${JSON.stringify(value.slice(at, at + 40))}`;
    const problem = commandProblem(command);
    if (problem !== undefined) return problem;
    at = command.end;
  }
  return undefined;
}

interface Command {
  readonly name: string;
  readonly parameters: string | undefined;
  /** Where the text goes on. */
  readonly end: number;
}

/** The command whose name starts at `start`; undefined when it is none or is not closed. */
function commandAt(value: string, start: number): Command | undefined {
  const [name = ''] = /^[A-Z0-9_]+/.exec(value.slice(start, start + 100)) ?? [];
  if (name === '') return undefined;
  let at = start + name.length;
  let parameters: string | undefined;
  if (value[at] === '(') {
    const close = value.indexOf(')', at);
    if (close < 0) return undefined;
    parameters = value.slice(at + 1, close);
    at = close + 1;
  }
  const [length = ''] = /^:\d+/.exec(value.slice(at, at + 10)) ?? [];
  at += length.length;
  return value[at] === '%' ? { name, parameters, end: at + 1 } : undefined;
}

function commandProblem({ name, parameters = '' }: Command): string | undefined {
  const takes = envoyCommands.get(name);
  if (takes === undefined) return `expected a command that Envoy knows, found %${name}%`;
  if (takes === 'required' && parameters === '') return `expected parameters such as %${name}(name)%, found none`;
  if (takes === 'none' && parameters !== '') return `expected %${name}% without parameters, found (${parameters})`;
  return undefined;
}
