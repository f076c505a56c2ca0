import type { Origin } from './origin.ts';

/**
 * Certificates and keys that a platform keeps for proxies. Only what has been checked is in it: a certificate fits its
 * key, and everything can be read. No part of it may reach a log, a page or a message.
 */
export interface Secret {
  readonly registry: string;
  /** Authorities, which are no secret, may be kept in the open. */
  readonly kind: 'Secret' | 'ConfigMap';
  readonly namespace: string;
  readonly name: string;
  readonly certificate?: KeyedCertificate;
  readonly authorities?: Authorities;
  readonly origin: Origin;
}

/** A certificate with its private key. */
export interface KeyedCertificate {
  /** PEM: the certificate itself, then those that vouch for it. */
  readonly chain: string;
  /** PEM */
  readonly key: string;
  /** A signed statement that it is not revoked, DER in base64. */
  readonly ocspStaple?: string;
}

/** Who may vouch for the certificates of others. */
export interface Authorities {
  /** PEM: at least one certificate. */
  readonly certificates: string;
  /** PEM: what they have revoked. */
  readonly revocations?: string;
}

export function secretKey({
  registry,
  kind,
  namespace,
  name,
}: Pick<Secret, 'registry' | 'kind' | 'namespace' | 'name'>): string {
  return `${registry}/${kind}/${namespace}/${name}`;
}
