/** From an undecoded object to a Config, or to the list of what is wrong with it. */
import type { Schema } from '../lib/schema.ts';
import { decodeWith, type Finding, hasError, locate } from '../model/decode.ts';
import type { KubernetesObject } from '../model/kubernetes-object.ts';
import type { Problem } from '../model/problem.ts';
import { type Check, collect } from './check/check.ts';
import type { Config } from './config.ts';
import { type Kind, kinds, type Spec } from './kinds.ts';

export interface Decoded<T> {
  /** Absent when there is an error among the problems. */
  readonly config?: T;
  readonly problems: readonly Problem[];
}

/** Decodes an object of one of Istio's kinds: schema first, then the checks that need more than one field. */
export function decodeConfig<K extends Kind>(kind: K, object: KubernetesObject): Decoded<Config<Spec<K>>> {
  const definition = kinds[kind];
  const findings: Finding[] = [];
  const schema = definition.schema as Schema<Spec<K>>;
  const spec = decodeWith(schema, object.value.spec ?? {}, ['spec'], findings);
  if (!hasError(findings) && spec !== undefined)
    (definition.check as (spec: Spec<K>, check: Check) => void)(spec, collect(findings));
  if (definition.status === 'pending')
    findings.push({
      code: 'FW0009',
      severity: 'warning',
      path: '',
      message: `a ${kind} is checked but not executed by this version`,
    });
  const problems = findings.map((finding) => locate(finding, object));
  if (hasError(findings) || spec === undefined) return { problems };
  const { namespace, name, createdAt, labels, annotations, origin } = object;
  const { status } = object.value;
  const config = { kind, namespace, name, createdAt, labels, annotations, spec, origin };
  return { config: status === undefined ? config : { ...config, status }, problems };
}
