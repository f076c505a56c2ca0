/** Kubernetes Secrets as YAML texts. */
import type { Issued } from '../../support/certificates.ts';

/** A Secret of type TLS; with an authority, also the one that callers’ certificates must come from. */
export function tlsSecret(name: string, namespace: string, pair: Issued, authority?: Issued): string {
  const encode = (text: string) => Buffer.from(text).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    type: authority === undefined ? 'kubernetes.io/tls' : 'Opaque',
    data: {
      'tls.crt': encode(pair.certificate),
      'tls.key': encode(pair.key),
      ...(authority === undefined ? {} : { 'ca.crt': encode(authority.certificate) }),
    },
  });
}
