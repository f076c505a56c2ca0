/**
 * How Consul and Nomad are stated: a URL with options of its own as query parameters. What it does not say, variables of the
 * platform's own tools do.
 */
import { systemClock } from '../lib/clock.ts';
import type { Credentials, ServerAccess } from '../lib/server-access.ts';
import { type WatchedText, watchedText } from '../lib/watched-text.ts';

export interface PlatformUrlForm {
  /** As messages show it: `http://127.0.0.1:8500?dc=dc1`. */
  readonly example: string;
  /** Parameters beside those of access. */
  readonly parameters: { readonly [name: string]: 'once' | 'often' };
  /** The variables of the platform's tools that hold where the URL says nothing, by parameter. */
  readonly variables: { readonly [name: string]: string };
  /** The variable that holds a token, where no file does. */
  readonly tokenVariable: string;
}

export interface PlatformUrl {
  readonly access: ServerAccess;
  /** What the URL or a variable says; undefined for nothing, and for an empty text. */
  one(name: string): string | undefined;
  all(name: string): readonly string[];
}

type Environment = { readonly [name: string]: string | undefined };

/** How the server is reached: parameters of every URL. */
const ofAccess = ['token-file', 'ca-file', 'cert-file', 'key-file', 'server-name'];
const ofTls = ofAccess.slice(1);

/** What a text says; a text says what is wrong. */
export function parsePlatformUrl(text: string, form: PlatformUrlForm, environment: Environment): PlatformUrl | string {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    return `expected a URL such as ${form.example}, found ${text}`;
  // A password in an argument is for all to see.
  if (url.username !== '' || url.password !== '') return 'expected a URL without a user, found one';
  const wrong = wrongParameter(url, form);
  if (wrong !== undefined) return wrong;
  const all = (name: string): readonly string[] => {
    const stated = url.searchParams.getAll(name).filter((value) => value !== '');
    const usual = environment[form.variables[name] ?? ''];
    return stated.length > 0 || usual === undefined || usual === '' ? stated : [usual];
  };
  const one = (name: string) => all(name)[0];
  if ((one('cert-file') === undefined) !== (one('key-file') === undefined))
    return 'expected cert-file and key-file together, found one of them';
  const server = new URL(url);
  server.search = '';
  server.hash = '';
  return { access: accessOf(server, one, environment[form.tokenVariable]), one, all };
}

function wrongParameter({ protocol, searchParams }: URL, { parameters }: PlatformUrlForm): string | undefined {
  const known = [...Object.keys(parameters), ...ofAccess];
  for (const name of searchParams.keys()) {
    if (!known.includes(name)) return `expected one of ${known.join(', ')} after the ?, found ${name}`;
    if (parameters[name] !== 'often' && searchParams.getAll(name).length > 1)
      return `expected ${name} once, found it several times`;
    if (protocol === 'http:' && ofTls.includes(name)) return `expected https:// with ${name}, found http://`;
  }
  return undefined;
}

function accessOf(
  server: URL,
  one: (name: string) => string | undefined,
  usualToken: string | undefined,
): ServerAccess {
  const authorities = watched(one('ca-file'));
  const serverName = one('server-name');
  return {
    server,
    trust: {
      authorities: async () => authorities?.read(),
      ...(serverName === undefined ? {} : { serverName }),
      isUnverified: false,
    },
    credentials: credentialsOf(one, usualToken),
  };
}

function credentialsOf(one: (name: string) => string | undefined, usualToken: string | undefined): Credentials {
  const files = ['token-file', 'cert-file', 'key-file'].map((name) => watched(one(name)));
  return {
    async current() {
      const [token = usualToken, certificate, key] = await Promise.all(files.map((file) => file?.read()));
      return {
        ...(token === undefined || token === '' ? {} : { token }),
        ...(certificate === undefined ? {} : { certificate }),
        ...(key === undefined ? {} : { key }),
      };
    },
    refused() {
      for (const file of files) file?.forget();
    },
  };
}

function watched(path: string | undefined): WatchedText | undefined {
  return path === undefined ? undefined : watchedText(path, systemClock);
}

/** What Consul's own tools read from the environment. https://developer.hashicorp.com/consul/commands#environment-variables */
export const consulVariables = {
  variables: {
    'token-file': 'CONSUL_HTTP_TOKEN_FILE',
    'ca-file': 'CONSUL_CACERT',
    'cert-file': 'CONSUL_CLIENT_CERT',
    'key-file': 'CONSUL_CLIENT_KEY',
    'server-name': 'CONSUL_TLS_SERVER_NAME',
  },
  tokenVariable: 'CONSUL_HTTP_TOKEN',
} as const;

/** The same of Nomad. https://developer.hashicorp.com/nomad/commands#environment-variables */
export const nomadVariables = {
  variables: {
    region: 'NOMAD_REGION',
    namespace: 'NOMAD_NAMESPACE',
    'ca-file': 'NOMAD_CACERT',
    'cert-file': 'NOMAD_CLIENT_CERT',
    'key-file': 'NOMAD_CLIENT_KEY',
    'server-name': 'NOMAD_TLS_SERVER_NAME',
  },
  tokenVariable: 'NOMAD_TOKEN',
} as const;
