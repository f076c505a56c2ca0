/** Resources for secrets that lie at a proxy itself, by what their names say. */
import { fileSecret } from '../envoy/file-secret.ts';
import { secret } from '../envoy/secret.ts';
import type { SecretIr } from '../ir/secret.ts';
import { Secret } from '../proto/envoy/extensions/transport_sockets/tls/v3/secret.ts';
import { encodeResource } from './encode.ts';
import type { Resource } from './resource.ts';

/** The paths of the files that a name speaks of; undefined for any other name. */
export function fileSecretResource(name: string): Resource | undefined {
  const ir = fileSecret(name);
  return ir === undefined ? undefined : encode(ir);
}

/**
 * A secret that every Envoy refuses, whatever it wanted it for. This dialect has no word for what does not exist, and an
 * Envoy that waits for a secret without limit waits with all of its listeners; a refusal leaves only those connections
 * without TLS that need the secret. It can never be mistaken for trust in everybody.
 */
export function refusedSecretResource(name: string): Resource {
  return encode({ kind: 'authority', name, certificates: { pem: 'no such secret' }, origins: [] });
}

function encode(ir: SecretIr): Resource {
  return encodeResource(Secret, ir.name, secret(ir), []);
}
