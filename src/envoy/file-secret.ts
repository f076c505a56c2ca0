/**
 * Secrets whose names say where they lie at the proxy. Istio's agent reads the files; where a proxy has no agent, the
 * control plane answers with the paths, and Envoy reads them itself and follows their changes.
 */
import type { SecretIr } from '../ir/secret.ts';

export function certificateFilesName(certificate: string, key: string): string {
  return `file-cert:${certificate}~${key}`;
}

/** `system` means whom the proxy's machine believes. */
export function authorityFileName(path: string): string {
  return `file-root:${path}`;
}

/** The secret that such a name means; undefined for any other name. */
export function fileSecret(name: string): SecretIr | undefined {
  const [, certificate, key] = /^file-cert:([^~]+)~([^~]+)$/.exec(name) ?? [];
  if (certificate !== undefined && key !== undefined)
    return { kind: 'certificate', name, chain: { file: certificate }, key: { file: key }, origins: [] };
  const [, path] = /^file-root:(.+)$/.exec(name) ?? [];
  if (path === undefined) return undefined;
  return { kind: 'authority', name, certificates: path === 'system' ? 'system' : { file: path }, origins: [] };
}
