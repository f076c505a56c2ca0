/** Certificates and trust, for connections that a proxy takes and for those that it makes. */

/** Where what a proxy presents comes from. */
export type CertificateSourceIr =
  /** Files at the proxy. */
  | { readonly kind: 'files'; readonly certificate: string; readonly key: string }
  /** A secret that the control plane hands out under a name. */
  | { readonly kind: 'sds'; readonly name: string }
  /** The proxy's own identity in the mesh. */
  | { readonly kind: 'workload' };

/** Whom a proxy believes. */
export type AuthoritySourceIr =
  /** Whom its machine believes. */
  | { readonly kind: 'system' }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'sds'; readonly name: string }
  /** The authorities of the mesh. */
  | { readonly kind: 'workload' };

/** What the certificate of the other side must be. Empty lists ask for nothing. */
export interface ValidationIr {
  readonly authority: AuthoritySourceIr;
  readonly subjectAltNames: readonly string[];
  /** The path of a file at the proxy. */
  readonly revocationList?: string;
  /** SHA-256 of certificates, in hexadecimal. */
  readonly certificateHashes?: readonly string[];
  /** SHA-256 of public keys, in base64. */
  readonly certificateSpki?: readonly string[];
}

/** What is left out is Envoy's choice. */
export interface TlsParametersIr {
  readonly minVersion?: string;
  readonly maxVersion?: string;
  readonly ciphers?: readonly string[];
  readonly curves?: readonly string[];
}

export interface DownstreamTlsIr extends TlsParametersIr {
  readonly certificates: readonly CertificateSourceIr[];
  readonly validation?: ValidationIr;
  readonly requiresClientCertificate: boolean;
  readonly alpn: readonly string[];
}

export interface UpstreamTlsIr {
  readonly sni?: string;
  readonly alpn: readonly string[];
  readonly certificate?: CertificateSourceIr;
  /** `none`: the server's certificate is not looked at. */
  readonly validation: 'none' | ValidationIr;
  readonly parameters: Pick<TlsParametersIr, 'ciphers' | 'curves'>;
}
