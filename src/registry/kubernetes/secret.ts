/**
 * From a Kubernetes Secret, or a ConfigMap with authorities, to a row. What cannot be served keeps its last good version,
 * each part by itself.
 */
import { formatPath } from '../../lib/schema.ts';
import { textsIn } from '../../lib/texts.ts';
import { authorityFaults, type Fault, pairFaults } from '../../model/certificate.ts';
import type { Finding } from '../../model/decode.ts';
import type { KubernetesObject } from '../../model/kubernetes-object.ts';
import type { Authorities, KeyedCertificate, Secret } from '../../model/secret.ts';
import { decodeSecret } from './decode.ts';
import type { KubernetesSecret } from './schema.ts';

/** Secrets that never hold a certificate for a proxy; clusters are full of them. */
const foreignTypes = new Set([
  'kubernetes.io/service-account-token',
  'kubernetes.io/dockercfg',
  'kubernetes.io/dockerconfigjson',
  'kubernetes.io/basic-auth',
  'kubernetes.io/ssh-auth',
  'bootstrap.kubernetes.io/token',
  'helm.sh/release.v1',
]);

/** What certificates are judged by. */
export interface Judgement {
  readonly registry: string;
  readonly nowMs: number;
  /** What of the object is in force. */
  readonly before: Secret | undefined;
  readonly findings: Finding[];
}

/**
 * The row of a Secret; undefined for one that is about something else, and while nothing of it could ever be served. Reads
 * `tls.crt`, `tls.key`, `ca.crt` (and `tls.ocsp-staple`, `ca.crl`) or `cert`, `key`, `cacert` (and `crl`); of a Secret with
 * both, the latter count. These names are Istio's.
 */
export function toSecret(object: KubernetesObject, judgement: Judgement): Secret | undefined {
  const { findings, before } = judgement;
  const secret = decodeSecret(object, findings);
  if (secret === undefined) return before;
  if (foreignTypes.has(secret.type ?? '')) return undefined;
  const texts = textsOf(secret, findings);
  if (findings.length > 0) return before;
  return toRow(object, { pair: pairOf(texts, secret), roots: rootsOf(texts) }, judgement);
}

/** The row of a ConfigMap; undefined for one without `ca.crt` or `cacert`. */
export function toPublicAuthorities(object: KubernetesObject, judgement: Judgement): Secret | undefined {
  return toRow(object, { pair: undefined, roots: rootsOf(textsIn(object.value.data)) }, judgement);
}

type Texts = { readonly [field: string]: string };

interface Part<T> {
  readonly part: T;
  /** Where it stands among the data. */
  readonly field: string;
}

interface Parts {
  readonly pair: Part<KeyedCertificate> | undefined;
  readonly roots: Part<Authorities> | undefined;
}

function toRow(
  { kind, namespace, name, origin }: KubernetesObject,
  { pair, roots }: Parts,
  { registry, nowMs, before, findings }: Judgement,
): Secret | undefined {
  const judge = <T>(found: Part<T> | undefined, faultsOf: (part: T) => readonly Fault[], last: T | undefined) => {
    if (found === undefined) return undefined;
    const faults = faultsOf(found.part);
    const path = formatPath(['data', found.field]);
    for (const { code, isRefused, message } of faults)
      findings.push({ code, severity: isRefused ? 'error' : 'warning', path, message });
    return faults.some(({ isRefused }) => isRefused) ? last : found.part;
  };
  const certificate = judge(pair, ({ chain, key }) => pairFaults(chain, key, nowMs), before?.certificate);
  const authorities = judge(
    roots,
    ({ certificates, revocations }) => authorityFaults(certificates, revocations, nowMs),
    before?.authorities,
  );
  if (certificate === undefined && authorities === undefined) return undefined;
  return {
    registry,
    kind: kind === 'ConfigMap' ? 'ConfigMap' : 'Secret',
    namespace,
    name,
    ...(certificate === undefined ? {} : { certificate }),
    ...(authorities === undefined ? {} : { authorities }),
    origin,
  };
}

const known = new Set(['cert', 'key', 'cacert', 'crl', 'tls.crt', 'tls.key', 'ca.crt', 'ca.crl']);

/** All values by name; `stringData` lies over `data`, as when an API server stores it. */
function textsOf({ data = {}, stringData = {} }: KubernetesSecret, findings: Finding[]): Texts {
  const texts: { [field: string]: string } = {};
  for (const [field, value] of Object.entries(data)) {
    if (/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(value)) texts[field] = Buffer.from(value, 'base64').toString();
    else if (known.has(field))
      findings.push({
        code: 'FW0803',
        severity: 'error',
        path: formatPath(['data', field]),
        message: 'expected a text in base64, found something else; stringData takes texts as they are',
      });
  }
  return { ...texts, ...stringData };
}

function pairOf(texts: Texts, { type, data }: KubernetesSecret): Part<KeyedCertificate> | undefined {
  const { cert = '', key = '', 'tls.crt': chain = '', 'tls.key': privateKey = '' } = texts;
  if (cert !== '' && key !== '') return { part: { chain: cert, key }, field: 'cert' };
  if (type !== 'kubernetes.io/tls' && (chain === '' || privateKey === '')) return undefined;
  const ocspStaple = data?.['tls.ocsp-staple'] ?? '';
  return { part: { chain, key: privateKey, ...(ocspStaple === '' ? {} : { ocspStaple }) }, field: 'tls.crt' };
}

function rootsOf({
  cacert = '',
  crl = '',
  'ca.crt': authorities = '',
  'ca.crl': revoked = '',
}: Texts): Part<Authorities> | undefined {
  const part = (certificates: string, revocations: string, field: string): Part<Authorities> => ({
    part: { certificates, ...(revocations === '' ? {} : { revocations }) },
    field,
  });
  if (cacert !== '') return part(cacert, crl, 'cacert');
  return authorities === '' ? undefined : part(authorities, revoked, 'ca.crt');
}
