/** What a Sidecar lets a client see: its egress listeners, and which hosts each of them imports. */
import type { EgressListener, Sidecar } from '../config/sidecar.ts';
import { covers, overlaps } from '../model/hostname.ts';

export interface Egress {
  /** The specific listeners in order, then the one for every other port, if there is one. */
  readonly listeners: readonly EgressScope[];
}

/** One egress listener. */
export interface EgressScope {
  /** Undefined for the listener of every port that has none of its own. */
  readonly port?: { readonly number: number; readonly protocol: string; readonly name: string };
  readonly bind: string;
  readonly captureMode: 'DEFAULT' | 'IPTABLES' | 'NONE';
  readonly imports: readonly ImportPattern[];
}

export interface ImportPattern {
  /** A namespace, or `*`. */
  readonly namespace: string;
  readonly host: string;
  readonly isExclusion: boolean;
}

const everything: Egress = {
  listeners: [{ bind: '', captureMode: 'DEFAULT', imports: [{ namespace: '*', host: '*', isExclusion: false }] }],
};

/** The egress of a Sidecar as a client of `namespace` sees it; everything where it names no egress, or where there is none. */
export function egressOf(sidecar: Sidecar | undefined, namespace: string): Egress {
  const { egress = [] } = sidecar ?? {};
  return egress.length === 0 ? everything : { listeners: egress.map((listener) => toScope(listener, namespace)) };
}

function toScope(
  { port, bind = '', captureMode = 'DEFAULT', hosts = [] }: EgressListener,
  namespace: string,
): EgressScope {
  return {
    ...(port === undefined
      ? {}
      : { port: { number: port.number ?? 0, protocol: port.protocol ?? '', name: port.name ?? '' } }),
    bind,
    captureMode,
    imports: hosts.flatMap((text) => toPattern(text, namespace) ?? []),
  };
}

export function toPattern(text: string, own: string): ImportPattern | undefined {
  const isExclusion = text.startsWith('~') && !text.startsWith('~/');
  const [part = '*', host = '*'] = (isExclusion ? text.slice(1) : text).split('/');
  if (part === '~') return undefined;
  return { namespace: part === '.' ? own : part, host: host.toLowerCase(), isExclusion };
}

function isIn(pattern: ImportPattern, namespace: string): boolean {
  return pattern.namespace === '*' || pattern.namespace === namespace;
}

/** Whether a listener imports a service. */
export function importsService({ imports }: EgressScope, namespace: string, host: string): boolean {
  const fits = (pattern: ImportPattern) => isIn(pattern, namespace) && covers(pattern.host, host);
  return (
    imports.some((pattern) => !pattern.isExclusion && fits(pattern)) &&
    !imports.some((pattern) => pattern.isExclusion && fits(pattern))
  );
}

/** Whether a listener imports a VirtualService: one of its hosts and one pattern mean some common name. */
export function importsRule({ imports }: EgressScope, namespace: string, hosts: readonly string[]): boolean {
  const fits = (pattern: ImportPattern, host: string) => isIn(pattern, namespace) && overlaps(pattern.host, host);
  return hosts.some(
    (host) =>
      imports.some((pattern) => !pattern.isExclusion && fits(pattern, host)) &&
      !imports.some((pattern) => pattern.isExclusion && isIn(pattern, namespace) && covers(pattern.host, host)),
  );
}

/** Whether a listener is as without a Sidecar but for what it imports. */
function isPlain({ port, bind, captureMode }: EgressScope): boolean {
  return port === undefined && bind === '' && captureMode === 'DEFAULT';
}

/** Whether a client sees all that a namespace shows, nothing of it for sure, or what must be looked at one by one. */
export function importsNamespace({ listeners }: Egress, namespace: string): 'all' | 'some' | 'none' {
  const [only] = listeners;
  const touches = ({ imports }: EgressScope) =>
    imports.some((pattern) => !pattern.isExclusion && isIn(pattern, namespace));
  if (!listeners.some(touches)) return 'none';
  if (listeners.length !== 1 || only === undefined || !isPlain(only)) return 'some';
  const takesAll = only.imports.some(
    (pattern) => !pattern.isExclusion && isIn(pattern, namespace) && pattern.host === '*',
  );
  return takesAll && !only.imports.some((pattern) => pattern.isExclusion) ? 'all' : 'some';
}
