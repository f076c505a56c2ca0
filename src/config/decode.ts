/** From an undecoded object to a Config, or to the list of what is wrong with it. */
import { formatPath, type Schema } from '../lib/schema.ts';
import { asServed, decodeWith, type Finding, hasError, locateAll } from '../model/decode.ts';
import type { KubernetesObject } from '../model/kubernetes-object.ts';
import type { Problem, Severity } from '../model/problem.ts';
import { type Check, collect } from './check/check.ts';
import type { Config } from './config.ts';
import { versionsOfGroup } from './custom-resources.ts';
import { type Kind, kinds, type Spec } from './kinds.ts';

export interface Decoded<T> {
  /** Absent when there is an error among the problems. */
  readonly config?: T;
  readonly problems: readonly Problem[];
}

/** Decodes an object of one of Istio's kinds: schema first, then the checks that need more than one field. */
export function decodeConfig<K extends Kind>(kind: K, object: KubernetesObject): Decoded<Config<Spec<K>>> {
  const definition = kinds[kind];
  const found: Finding[] = [];
  const schema = definition.schema as Schema<Spec<K>>;
  const spec = decodeWith(schema, object.value.spec ?? {}, ['spec'], found);
  const findings = [...asServed(found, object)];
  if (!hasError(findings) && spec !== undefined)
    (definition.check as (spec: Spec<K>, check: Check) => void)(spec, collect(object, findings));
  checkVersion(object, findings);
  checkAnnotations(kind, object, findings);
  if (definition.status === 'pending')
    findings.push({
      code: 'FW0009',
      severity: 'warning',
      path: '',
      message: `${withArticle(kind)} is checked but not executed by this version`,
    });
  const problems = locateAll(findings, object);
  if (hasError(findings) || spec === undefined) return { problems };
  const { namespace, name, createdAt, labels, annotations, origin } = object;
  const { status, spec: stated = {} } = object.value;
  const config = { kind, namespace, name, createdAt, labels, annotations, spec, stated, origin };
  return { config: status === undefined ? config : { ...config, status }, problems };
}

function withArticle(kind: Kind): string {
  return `${/^[AEIOU]/.test(kind) ? 'an' : 'a'} ${kind}`;
}

/** All versions have one form, so that an object is read in any; an API server would know nothing of one that is not served. */
function checkVersion({ group, version }: KubernetesObject, findings: Finding[]): void {
  const served: readonly string[] = versionsOfGroup[group] ?? [];
  if (served.includes(version)) return;
  const expected = served.map((one) => `${group}/${one}`).join(', ');
  const message = `expected one of ${expected}, found ${group}/${version}, which API servers do not know`;
  findings.push({ code: 'FW0002', severity: 'warning', path: 'apiVersion', message });
}

/** Annotations that change how an object is read: Istio's own are not for users, and only a policy can be tried out. */
function checkAnnotations(kind: Kind, { annotations }: KubernetesObject, findings: Finding[]): void {
  for (const name of Object.keys(annotations)) {
    const add = (severity: Severity, message: string) =>
      findings.push({ code: 'FW0015', severity, path: formatPath(['metadata', 'annotations', name]), message });
    if (name === 'internal.istio.io/webhook-always-reject')
      add('error', `expected an object to use, found the annotation ${name}, which asks to refuse it`);
    else if (name.startsWith('internal.istio.io/'))
      add('warning', `expected no annotations of internal.istio.io, found ${name}: Istio writes them for itself`);
    else if (name === 'istio.io/dry-run' && kind !== 'AuthorizationPolicy')
      add('error', `expected the annotation ${name} only on an AuthorizationPolicy, found it on ${withArticle(kind)}`);
  }
}
