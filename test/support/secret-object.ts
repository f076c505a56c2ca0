/** Secrets as users store them, as texts. */
import type { Issued } from './certificates.ts';

/** A Secret `edge/name`; PEM texts by field. */
export function secretOf(name: string, data: { readonly [field: string]: string }, namespace = 'edge'): string {
  const encoded = Object.entries(data).map(([field, text]) => [field, Buffer.from(text).toString('base64')]);
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    data: Object.fromEntries(encoded),
  });
}

/** A certificate and its key under the names of Secrets for TLS. */
export function pairOf({ certificate, key }: Pick<Issued, 'certificate' | 'key'>): {
  readonly [field: string]: string;
} {
  return { 'tls.crt': certificate, 'tls.key': key };
}
