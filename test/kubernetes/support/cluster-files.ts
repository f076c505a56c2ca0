/** What a cluster reads from files: keys, certificates, who may log in. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { elliptic, issue } from '../../support/certificates.ts';
import type { Place } from './cluster-servers.ts';

export interface User {
  readonly name: string;
  readonly groups?: readonly string[];
  readonly token: string;
}

export interface ClusterFiles {
  /** Such as `https://127.130.200.1:6443`; the same after a restart. */
  readonly url: string;
  /** The certificate that vouches for the apiserver, as PEM. */
  readonly ca: string;
  readonly adminToken: string;
  /** A file with which the admin reaches the cluster. */
  readonly kubeconfigPath: string;
  /** The text of such a file for whoever has a token; it holds the certificate of `ca`. */
  kubeconfigOf(token: string): string;
}

const admin: User = { name: 'admin', groups: ['system:masters'], token: 'admin-token' };

/** Writes keys, certificates, the tokens of the admin and some users, and the admin's kubeconfig. */
export function writeClusterFiles({ folder, ip }: Place, users: readonly User[]): ClusterFiles {
  const url = `https://${ip}:6443`;
  const authority = issue({ name: 'test-cluster-ca', isAuthority: true });
  const own = issue({
    name: 'kube-apiserver',
    altNames: [ip, 'localhost', 'kubernetes.default.svc'],
    issuer: authority.signer,
  });
  const accounts = elliptic();
  const kubeconfigOf = (token: string) => kubeconfig({ url, ca: authority.certificate, token });
  const texts = {
    'ca.crt': authority.certificate,
    'apiserver.crt': own.certificate,
    'apiserver.key': own.key,
    'accounts.key': accounts.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    'accounts.pub': accounts.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    'tokens.csv': [admin, ...users]
      .map(({ name, groups = [], token }) => `${token},${name},${name},"${groups.join(',')}"\n`)
      .join(''),
    kubeconfig: kubeconfigOf(admin.token),
  };
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text, { mode: 0o600 });
  return {
    url,
    ca: authority.certificate,
    adminToken: admin.token,
    kubeconfigPath: join(folder, 'kubeconfig'),
    kubeconfigOf,
  };
}

/** YAML's subset that is JSON. */
function kubeconfig({ url, ca, token }: { readonly url: string; readonly ca: string; readonly token: string }): string {
  const cluster = { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  });
}
