/** The names under which proxies ask for the certificates that rules speak of. They are Istio's, and a public contract. */
import type { ClientTls } from '../config/destination-rule.ts';
import type { ServerTls } from '../config/gateway.ts';

/** What ends the name of a secret that is wanted for its authorities alone. */
export const authoritySuffix = '-cacert';

const scheme = 'kubernetes://';

/** `kubernetes://name` for what a rule calls `name`; a rule may write the whole itself. */
export function credentialName(credential: string): string {
  return credential.includes('://') ? credential : `${scheme}${credential}`;
}

export interface Credential {
  readonly namespace: string;
  readonly name: string;
}

/** The Secret that a name means for a proxy of a namespace; undefined for a name that means none. */
export function parseCredential(resource: string, proxyNamespace: string): Credential | undefined {
  if (!resource.startsWith(scheme)) return undefined;
  const [first = '', second, ...more] = resource.slice(scheme.length).split('/');
  if (more.length > 0) return undefined;
  return second === undefined ? { namespace: proxyNamespace, name: first } : { namespace: first, name: second };
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
    ...(validatesClients(tls) && first !== '' ? { authority: `${credentialName(first)}${authoritySuffix}` } : {}),
  };
}

export function validatesClients({ mode }: ServerTls): boolean {
  return mode === 'MUTUAL' || mode === 'OPTIONAL_MUTUAL';
}

/** What a client presents, and by whom the server's certificate must be signed. */
export function clientCredentials({ mode, credentialName: credential = '' }: ClientTls): Credentials {
  if (credential === '' || (mode !== 'SIMPLE' && mode !== 'MUTUAL')) return { certificates: [] };
  const name = credentialName(credential);
  return { certificates: mode === 'MUTUAL' ? [name] : [], authority: `${name}${authoritySuffix}` };
}
