/** Who may read what, as a Nomad with access control on decides it. */
import type { IncomingHttpHeaders } from 'node:http';

/** What a token is for: everything, or reading in some namespaces. */
export type Rights =
  | 'management'
  | {
      readonly read: readonly string[];
      /** A workload's identity may read services wherever it runs, but neither allocations nor events. */
      readonly isWorkload?: boolean;
    };

export type Access = 'anonymous' | 'unknown' | Rights;

/** The rights that a request comes with. Tokens are given by header only. */
export function accessOf(headers: IncomingHttpHeaders, tokens: ReadonlyMap<string, Rights>): Access {
  const bearer = /^bearer (.*)$/i.exec(headers.authorization ?? '')?.[1];
  const given = headers['x-nomad-token'] ?? bearer;
  if (given === undefined || given === '') return 'anonymous';
  return tokens.get(String(given)) ?? 'unknown';
}

export function mayReadServices(access: Access, namespace: string): boolean {
  if (access === 'management') return true;
  return typeof access === 'object' && access.read.includes(namespace);
}

/** Allocations, checks and events, which all take the right to read jobs. */
export function mayReadJobs(access: Access, namespace: string): boolean {
  return mayReadServices(access, namespace) && !(typeof access === 'object' && access.isWorkload === true);
}
