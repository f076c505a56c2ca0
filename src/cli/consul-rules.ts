/** `--consul-rules`: rules under a prefix of Consul's KV, stated as a URL with options of its own. */
import type { Command } from 'commander';
import { QueryClient } from '../blocking-query/client.ts';
import { consulRules } from '../consul-rules/consul-rules.ts';
import { systemClock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Credentials, ServerAccess } from '../lib/server-access.ts';
import { type WatchedText, watchedText } from '../lib/watched-text.ts';
import type { ObjectSource } from '../model/object-source.ts';
import { version } from './version.ts';

/** What the URL may state, and the variable of Consul's own tools that holds where it does not. */
const parameters = {
  prefix: undefined,
  dc: undefined,
  'token-file': 'CONSUL_HTTP_TOKEN_FILE',
  'ca-file': 'CONSUL_CACERT',
  'cert-file': 'CONSUL_CLIENT_CERT',
  'key-file': 'CONSUL_CLIENT_KEY',
  'server-name': 'CONSUL_TLS_SERVER_NAME',
} as const;

type Parameter = keyof typeof parameters;
type Environment = { readonly [name: string]: string | undefined };

export interface ConsulRulesPlace {
  readonly access: ServerAccess;
  readonly prefix: string;
  readonly datacenter?: string;
}

/** One source for each URL, as they are given. Ends the process with one line for what cannot be understood. */
export function consulRulesOf(urls: readonly string[], command: Command, log: Log): readonly ObjectSource[] {
  return urls.map((text) => {
    const place = consulRulesPlace(text, process.env);
    if (typeof place === 'string') return command.error(`error: --consul-rules: ${place}`);
    const { access, prefix, datacenter } = place;
    const { host } = access.server;
    return consulRules({
      // One question that waits, and one that is asked meanwhile.
      client: new QueryClient({ api: 'Consul', access, userAgent: `fairway/${version}`, mostConnections: 2 }),
      name: `consul-rules/${host}/${datacenter === undefined ? '' : `${datacenter}/`}${prefix}`,
      prefix,
      ...(datacenter === undefined ? {} : { datacenter }),
      log,
      clock: systemClock,
      now: Date.now,
      random: Math.random,
    });
  });
}

/** Where rules are; a text says what is wrong. */
export function consulRulesPlace(text: string, environment: Environment): ConsulRulesPlace | string {
  const url = URL.parse(text);
  const known = Object.keys(parameters);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    return `expected a URL such as http://127.0.0.1:8500?prefix=fairway/rules, found ${text}`;
  for (const name of url.searchParams.keys()) {
    if (!known.includes(name)) return `expected one of ${known.join(', ')} after the ?, found ${name}`;
    if (url.searchParams.getAll(name).length > 1) return `expected ${name} once, found it several times`;
  }
  const stated = (name: Parameter) => url.searchParams.get(name) ?? environment[parameters[name] ?? ''] ?? undefined;
  const prefix = (stated('prefix') ?? '').replace(/^\/+|\/+$/g, '');
  if (prefix === '') return 'expected prefix=, such as prefix=fairway/rules, found none';
  const [certificate, key] = [stated('cert-file'), stated('key-file')];
  if ((certificate === undefined) !== (key === undefined))
    return 'expected cert-file and key-file together, found one of them';
  const serverName = stated('server-name');
  const datacenter = stated('dc');
  const authorities = watched(stated('ca-file'));
  const server = new URL(url);
  server.search = '';
  return {
    access: {
      server,
      trust: {
        authorities: async () => authorities?.read(),
        ...(serverName === undefined ? {} : { serverName }),
        isUnverified: false,
      },
      credentials: credentialsOf({ token: watched(stated('token-file')), certificate, key }, environment),
    },
    prefix,
    ...(datacenter === undefined ? {} : { datacenter }),
  };
}

interface CredentialFiles {
  readonly token: WatchedText | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
}

function credentialsOf({ token, ...pair }: CredentialFiles, { CONSUL_HTTP_TOKEN: usual }: Environment): Credentials {
  const [certificate, key] = [watched(pair.certificate), watched(pair.key)];
  const files = [token, certificate, key];
  return {
    async current() {
      const [tokenText = usual, certificateText, keyText] = await Promise.all(files.map((file) => file?.read()));
      return {
        ...(tokenText ? { token: tokenText } : {}),
        ...(certificateText === undefined ? {} : { certificate: certificateText }),
        ...(keyText === undefined ? {} : { key: keyText }),
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
