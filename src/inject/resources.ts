/** What a sidecar asks of its node, and may use. */
import { isRecord } from '../lib/schema.ts';
import { amountOf } from '../model/quantity.ts';
import type { AnnotationReader } from './annotation-reader.ts';
import { proxyName } from './pod.ts';
import { strategicMerge } from './strategic-merge.ts';
import type { PodFragment } from './template.ts';

/** By names of resources, `cpu` and `memory` above all. */
export interface Quantities {
  readonly [resource: string]: string;
}

export interface Resources {
  readonly requests?: Quantities;
  readonly limits?: Quantities;
}

/** What a sidecar of a small service needs with room to spare; Istio's figures. */
export const usualResources = {
  requests: { cpu: '100m', memory: '128Mi' },
  limits: { cpu: '2', memory: '1Gi' },
} as const satisfies Resources;

/** The name of a resource of which more is asked than may be used, which no API server takes; undefined when there is none. */
export function overLimit({ requests = {}, limits = {} }: Resources): string | undefined {
  return Object.entries(requests).find(([name, text]) => {
    const [asked, most] = [text, limits[name] ?? ''].map(amountOf);
    return asked !== undefined && most !== undefined && asked > most;
  })?.[0];
}

const annotations = {
  requests: { cpu: 'sidecar.istio.io/proxyCPU', memory: 'sidecar.istio.io/proxyMemory' },
  limits: { cpu: 'sidecar.istio.io/proxyCPULimit', memory: 'sidecar.istio.io/proxyMemoryLimit' },
} as const;

/** What is annotated takes the place of all that is usual. */
export function resourcesOf({ text, wrong }: AnnotationReader, usual: Resources): Resources {
  const read = (names: Quantities): Resources['limits'] => {
    const stated = Object.entries(names).flatMap(([resource, name]) => {
      const found = text(name);
      if (found !== undefined && amountOf(found) === undefined)
        wrong(name, `expected a quantity such as 100m or 128Mi, found ${JSON.stringify(found)}`);
      return found === undefined ? [] : [[resource, found] as const];
    });
    return stated.length === 0 ? undefined : Object.fromEntries(stated);
  };
  const requests = read(annotations.requests);
  const limits = read(annotations.limits);
  if (requests === undefined && limits === undefined) return usual;
  const found = { ...(requests === undefined ? {} : { requests }), ...(limits === undefined ? {} : { limits }) };
  const over = overLimit(found);
  if (over === 'cpu' || over === 'memory')
    wrong(annotations.requests[over], `expected at most the limit of ${limits?.[over]}, found ${requests?.[over]}`);
  return found;
}

/** The limits of the proxy when these parts of pods, which may state some for its container, are laid over it. */
export function limitsUnder(resources: Resources, fragments: readonly PodFragment[]): Quantities {
  const containers = fragments.flatMap(({ spec }) => [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]);
  const merged = containers
    .filter(({ name }) => name === proxyName)
    .reduce<unknown>((below, above) => strategicMerge(below, { resources: above.resources }), { resources });
  const { limits } = isRecord(merged) && isRecord(merged.resources) ? merged.resources : {};
  const stated = isRecord(limits) ? Object.entries(limits) : [];
  return Object.fromEntries(stated.map(([name, amount]) => [name, String(amount)]));
}
