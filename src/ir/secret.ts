/** What a Secret is to be, complete: certificates and keys that a proxy asks for by name. */
import type { OriginKey } from '../model/origin.ts';

export type SecretIr = CertificateSecretIr | AuthoritySecretIr;

/** What a proxy presents. */
export interface CertificateSecretIr {
  readonly kind: 'certificate';
  readonly name: string;
  readonly chain: MaterialIr;
  readonly key: MaterialIr;
  /** DER in base64. */
  readonly ocspStaple?: string;
  readonly origins: readonly OriginKey[];
}

/** Whom a proxy believes. */
export interface AuthoritySecretIr {
  readonly kind: 'authority';
  readonly name: string;
  /** `system`: whom the proxy's machine believes. */
  readonly certificates: MaterialIr | 'system';
  readonly revocations?: MaterialIr;
  readonly origins: readonly OriginKey[];
}

/** PEM itself, or the path of a file at the proxy that holds it. */
export type MaterialIr = { readonly pem: string } | { readonly file: string };
