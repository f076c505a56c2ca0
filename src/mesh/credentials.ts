/** The names under which proxies ask for the certificates that rules speak of. They are Istio's, and a public contract. */
import type { ClientTls } from '../config/destination-rule.ts';
import type { ServerTls } from '../config/gateway.ts';
import type { Secret } from '../model/secret.ts';

/** What ends the name of a secret that is wanted for its authorities alone. */
export const authoritySuffix = '-cacert';

/** `kubernetes://name` for what a rule calls `name`; a rule may write the whole itself. */
export function credentialName(credential: string): string {
  return credential.includes('://') ? credential : `kubernetes://${credential}`;
}

/** The name for the authorities of a credential. */
function authorityName(credential: string): string {
  const name = credentialName(credential);
  return name.endsWith(authoritySuffix) ? name : `${name}${authoritySuffix}`;
}

export interface Credential {
  readonly kind: Secret['kind'];
  readonly namespace: string;
  readonly name: string;
}

const schemes = { kubernetes: 'Secret', configmap: 'ConfigMap' } as const;

/** The object that a name means for a proxy of a namespace; undefined for a name that means none. */
export function parseCredential(resource: string, proxyNamespace: string): Credential | undefined {
  const match = /^(kubernetes|configmap):\/\/(?:([^/]+)\/)?([^/]+)$/.exec(resource);
  if (match === null) return undefined;
  const [, scheme, namespace = proxyNamespace, name = ''] = match;
  return { kind: schemes[scheme as keyof typeof schemes], namespace, name };
}

/** Authorities that are kept in the open are anybody's to have. */
export function isPublic(resource: string): boolean {
  return resource.startsWith('configmap://');
}

/** What a rule takes out of secrets, as names to ask for. */
export interface Credentials {
  readonly certificates: readonly string[];
  readonly authority?: string;
}

/** What a server of a Gateway presents, and by whom the certificates of its clients must be signed. */
export function serverCredentials(tls: ServerTls): Credentials {
  const { credentialName: only = '', credentialNames = [], caCertCredentialName = '' } = tls;
  const names = credentialNames.length > 0 ? credentialNames : only === '' ? [] : [only];
  const [first = ''] = caCertCredentialName === '' ? names : [caCertCredentialName];
  return {
    certificates: names.map(credentialName),
    ...(validatesClients(tls) && first !== '' ? { authority: authorityName(first) } : {}),
  };
}

export function validatesClients({ mode }: ServerTls): boolean {
  return mode === 'MUTUAL' || mode === 'OPTIONAL_MUTUAL';
}

/** What a client presents, and by whom the server's certificate must be signed. */
export function clientCredentials({ mode, credentialName: credential = '' }: ClientTls): Credentials {
  if (credential === '' || (mode !== 'SIMPLE' && mode !== 'MUTUAL')) return { certificates: [] };
  return {
    certificates: mode === 'MUTUAL' ? [credentialName(credential)] : [],
    authority: authorityName(credential),
  };
}
