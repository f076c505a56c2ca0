/** From a Kubernetes Secret to a row. What cannot be served keeps its last good version, each part by itself. */
import { formatPath } from '../../lib/schema.ts';
import type { Finding } from '../../model/decode.ts';
import type { KubernetesObject } from '../../model/kubernetes-object.ts';
import type { Authorities, KeyedCertificate, Secret } from '../../model/secret.ts';
import { authorityFaults, type Fault, pairFaults } from './certificate.ts';
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

export interface ReadSecret {
  /** Undefined for a Secret that is about something else, and while nothing of it could ever be served. */
  readonly row: Secret | undefined;
  readonly findings: readonly Finding[];
}

/**
 * Reads `tls.crt`, `tls.key`, `ca.crt` (and `tls.ocsp-staple`, `ca.crl`) or `cert`, `key`, `cacert` (and `crl`); of a
 * Secret with both, the latter count. These names are Istio's.
 */
export function toSecret(
  { namespace, name, origin }: KubernetesObject,
  secret: KubernetesSecret,
  {
    registry,
    nowMs,
    before,
  }: { readonly registry: string; readonly nowMs: number; readonly before: Secret | undefined },
): ReadSecret {
  const findings: Finding[] = [];
  if (foreignTypes.has(secret.type ?? '')) return { row: undefined, findings };
  const texts = textsOf(secret, findings);
  if (findings.length > 0) return { row: before, findings };
  const judge = <T>(part: T | undefined, field: string, faults: readonly Fault[], last: T | undefined) => {
    for (const { code, isRefused, message } of faults)
      findings.push({ code, severity: isRefused ? 'error' : 'warning', path: formatPath(['data', field]), message });
    return faults.some(({ isRefused }) => isRefused) ? last : part;
  };
  const pair = pairOf(texts, secret);
  const roots = rootsOf(texts);
  const certificate =
    pair === undefined
      ? undefined
      : judge(pair.part, pair.field, pairFaults(pair.part.chain, pair.part.key, nowMs), before?.certificate);
  const authorities =
    roots === undefined
      ? undefined
      : judge(
          roots.part,
          roots.field,
          authorityFaults(roots.part.certificates, roots.part.revocations, nowMs),
          before?.authorities,
        );
  if (certificate === undefined && authorities === undefined) return { row: undefined, findings };
  const row = {
    registry,
    namespace,
    name,
    ...(certificate === undefined ? {} : { certificate }),
    ...(authorities === undefined ? {} : { authorities }),
    origin,
  };
  return { row, findings };
}

type Texts = { readonly [field: string]: string };

interface Part<T> {
  readonly part: T;
  /** Where it stands among the data. */
  readonly field: string;
}

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

const known = new Set(['cert', 'key', 'cacert', 'crl', 'tls.crt', 'tls.key', 'ca.crt', 'ca.crl']);

function pairOf(texts: Texts, { type, data }: KubernetesSecret): Part<KeyedCertificate> | undefined {
  const { cert = '', key = '', 'tls.crt': chain = '', 'tls.key': privateKey = '' } = texts;
  if (cert !== '' && key !== '') return { part: { chain: cert, key }, field: 'cert' };
  if (type !== 'kubernetes.io/tls' && (chain === '' || privateKey === '')) return undefined;
  const ocspStaple = data?.['tls.ocsp-staple'] ?? '';
  return { part: { chain, key: privateKey, ...(ocspStaple === '' ? {} : { ocspStaple }) }, field: 'tls.crt' };
}

function rootsOf({ cacert = '', crl = '', 'ca.crt': authorities = '', 'ca.crl': revoked = '' }: Texts) {
  const part = (certificates: string, revocations: string, field: string): Part<Authorities> => ({
    part: { certificates, ...(revocations === '' ? {} : { revocations }) },
    field,
  });
  if (cacert !== '') return part(cacert, crl, 'cacert');
  return authorities === '' ? undefined : part(authorities, revoked, 'ca.crt');
}
