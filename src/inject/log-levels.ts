/** What the sidecars of a mesh, or that of one pod, write into their logs: Istio's annotations, as arguments of `fairway proxy`. */
import { componentLevelsForm, envoyLevels, isComponentLevel } from '../agent/log-levels.ts';
import { itemsIn } from '../lib/comma-list.ts';
import { type LogLevel, logLevels } from '../lib/log.ts';
import type { AnnotationReader } from './annotation-reader.ts';

/** The least important lines that are written; what is absent is as `fairway proxy` has it. */
export interface LogLevels {
  /** Envoy's. */
  readonly proxy?: string;
  /** Those of single components of Envoy: `http:debug,upstream:info`. */
  readonly components?: string;
  readonly agent?: LogLevel;
}

const names = {
  proxy: 'sidecar.istio.io/logLevel',
  components: 'sidecar.istio.io/componentLogLevel',
  agent: 'sidecar.istio.io/agentLogLevel',
} as const;

/** What the pod says, over what holds for all. */
export function logLevelsOf(reader: AnnotationReader, usual: LogLevels): LogLevels {
  const proxy = reader.oneOf(names.proxy, envoyLevels);
  const components = componentLevels(reader);
  const agent = agentLevel(reader);
  return {
    ...usual,
    ...(proxy === undefined ? {} : { proxy }),
    ...(components === undefined ? {} : { components }),
    ...(agent === undefined ? {} : { agent }),
  };
}

/** Without those that are not stated. */
export function logArguments({ proxy, components, agent }: LogLevels): readonly string[] {
  return [
    ...(proxy === undefined ? [] : ['--proxy-log-level', proxy]),
    ...(components === undefined ? [] : ['--proxy-component-log-level', components]),
    ...(agent === undefined ? [] : ['--log-level', agent]),
  ];
}

function componentLevels({ text, wrong }: AnnotationReader): string | undefined {
  const stated = text(names.components);
  if (stated === undefined) return undefined;
  const items = itemsIn(stated);
  const bad = items.find((item) => !isComponentLevel(item));
  if (bad !== undefined) wrong(names.components, `expected ${componentLevelsForm}, found ${JSON.stringify(bad)}`);
  return items.join(',');
}

/** Istio's levels beyond ours: of an agent that ends, or says nothing, errors are wanted at most. */
const istioLevels: { readonly [level: string]: LogLevel } = { fatal: 'error', none: 'error' };

/** Istio's `scope:level,…`, where a level alone is that of the scope `default`. Our agent is one scope. */
function agentLevel({ text, wrong, warn }: AnnotationReader): LogLevel | undefined {
  let found: LogLevel | undefined;
  for (const item of itemsIn(text(names.agent) ?? '')) {
    const [, scope = 'default', stated = ''] = /^(?:([^:]*):)?(.*)$/.exec(item) ?? [];
    const level = logLevels.find((one) => one === stated) ?? istioLevels[stated];
    if (level === undefined)
      wrong(names.agent, `expected a level among debug, info, warn, error, fatal, none, found ${JSON.stringify(item)}`);
    else if (scope === 'default' || scope === 'all') found = level;
    else
      warn(
        names.agent,
        `expected the scope default or all, since the agent has no others, found ${JSON.stringify(item)}`,
      );
  }
  return found;
}
