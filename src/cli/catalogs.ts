/** Options for catalogs of services: Consul and Nomad, each stated as a URL with options of its own, and adapters of others. */
import type { Command } from 'commander';
import { systemClock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Catalog } from '../model/catalog.ts';
import { adapterCatalog } from '../registry/adapter/adapter-catalog.ts';
import { AdapterError } from '../registry/adapter/load.ts';
import { restartedCatalog } from '../registry/adapter/restarted-catalog.ts';
import { templateFault } from '../registry/catalog/hostname-template.ts';
import * as consul from '../registry/consul/consul-catalog.ts';
import * as nomad from '../registry/nomad/nomad-catalog.ts';
import type { StatedConsul } from '../up/mesh-consul.ts';
import { collect } from './options.ts';
import {
  consulVariables,
  nomadVariables,
  type PlatformUrl,
  type PlatformUrlForm,
  parsePlatformUrl,
} from './platform-url.ts';
import { version } from './version.ts';

export interface CatalogArguments {
  readonly consul: readonly string[];
  readonly nomad: readonly string[];
  readonly registry: readonly string[];
}

/** Adds the options of CatalogArguments to a command. */
export function withCatalogOptions(command: Command): Command {
  return command
    .option('--consul <url>', 'services of a Consul, such as http://127.0.0.1:8500?dc=dc1; repeatable', collect, [])
    .option(
      '--nomad <url>',
      'services of a Nomad, such as http://127.0.0.1:4646?namespace=shop; repeatable',
      collect,
      [],
    )
    .option(
      '--registry <module:options>',
      'services that an adapter of yours finds: a package or a file, and what it takes behind a colon; repeatable',
      collect,
      [],
    );
}

/** What the help says beside. */
export const catalogHelp = `
Parameters of --consul: dc (repeatable), namespace, domain, alias (repeatable), address=lan|wan, connections; of --nomad: region,
namespace, alias (all repeatable), connections; of both, and of --consul-rules: token-file, ca-file, cert-file, key-file, server-name.
An adapter says itself what it takes (docs/writing-a-registry.md).
Variables of consul and nomad, such as CONSUL_HTTP_TOKEN and NOMAD_TOKEN, hold where a URL says nothing.`;

const consulForm: PlatformUrlForm = {
  ...consulVariables,
  example: 'http://127.0.0.1:8500?dc=dc1',
  parameters: { dc: 'often', namespace: 'once', domain: 'once', alias: 'often', address: 'once', connections: 'once' },
};

const nomadForm: PlatformUrlForm = {
  ...nomadVariables,
  example: 'http://127.0.0.1:4646?namespace=shop',
  parameters: { region: 'often', namespace: 'often', alias: 'often', connections: 'once' },
};

type Common = Pick<consul.ConsulOptions, 'userAgent' | 'log'>;
type Environment = { readonly [name: string]: string | undefined };

/** What catalogs are told of the process that runs them. */
export interface CatalogSurroundings {
  readonly environment: Environment;
  /** Where modules of adapters are looked for. */
  readonly folder: string;
  readonly domainSuffix: string;
  readonly log: Log;
}

/** The catalogs that the options ask for. Ends the process with one line for what cannot be understood. */
export async function catalogsOf(
  options: CatalogArguments & { readonly domain: string },
  command: Command,
  log: Log,
): Promise<readonly Catalog[]> {
  const surroundings = { environment: process.env, folder: process.cwd(), domainSuffix: options.domain, log };
  const catalogs = await describedCatalogs(options, surroundings);
  return typeof catalogs === 'string' ? command.error(`error: ${catalogs}`) : catalogs;
}

/** The first Consul that the options name, of which `catalogsOf` has found that it is stated rightly. */
export function firstConsul({ consul: [first] }: CatalogArguments): StatedConsul | undefined {
  if (first === undefined) return undefined;
  const url = parsePlatformUrl(first, consulForm, process.env);
  return typeof url === 'string' ? undefined : { access: url.access, namespace: namespaceOf(url) };
}

/** The catalogs that the options ask for; a text says what is wrong. */
export async function describedCatalogs(
  options: CatalogArguments,
  surroundings: CatalogSurroundings,
): Promise<readonly Catalog[] | string> {
  const { environment, log } = surroundings;
  const common = { userAgent: `fairway/${version}`, log };
  const catalogs: Catalog[] = [];
  for (const [flag, form, describe] of [
    ['consul', consulForm, consulCatalogsOf],
    ['nomad', nomadForm, nomadCatalogsOf],
  ] as const)
    for (const text of options[flag]) {
      const url = parsePlatformUrl(text, form, environment);
      const described = typeof url === 'string' ? url : describe(url, common);
      if (typeof described === 'string') return `--${flag}: ${described}`;
      catalogs.push(...described.map((catalog) => restartedCatalog(catalog, { ...restarts, log })));
    }
  for (const text of options.registry) {
    const found = await adapterOf(text, { ...surroundings, userAgent: common.userAgent });
    if (typeof found === 'string') return `--registry: ${found}`;
    catalogs.push(found);
  }
  const names = catalogs.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  return twice === undefined ? catalogs : `expected every catalog once, found ${twice} several times`;
}

/** A bug of an adapter must not end what it was watching. */
const restarts = { clock: systemClock, random: Math.random, now: Date.now };

/** What `module:options` asks for: the first colon that is no drive's ends the name of the module, so that options may be a URL. */
async function adapterOf(
  text: string,
  { folder, domainSuffix, log, userAgent }: CatalogSurroundings & { readonly userAgent: string },
): Promise<Catalog | string> {
  const [, module = '', options = ''] = /^((?:[a-z]:[\\/])?[^:]*)(?::(.*))?$/is.exec(text) ?? [];
  if (module === '')
    return `expected module:options such as ./registry.js:http://127.0.0.1:8080, found ${text || 'nothing'}`;
  try {
    return await adapterCatalog({ place: { module, folder, options }, domainSuffix, userAgent, log });
  } catch (error) {
    if (!(error instanceof AdapterError)) throw error;
    return error.message;
  }
}

function consulCatalogsOf(url: PlatformUrl, common: Common): readonly Catalog[] | string {
  const datacenters = url.all('dc');
  const address = url.one('address') ?? 'lan';
  if (address !== 'lan' && address !== 'wan') return `expected address=lan or address=wan, found ${address}`;
  const aliases = aliasesOf(url, ['name', 'dc']);
  if (typeof aliases === 'string') return aliases;
  const least = consul.leastConnections * Math.max(1, datacenters.length);
  const connections = connectionsOf(url, { least, usual: Math.max(least, consul.usualConnections) });
  if (typeof connections === 'string') return connections;
  return consul.consulCatalogs({
    ...common,
    access: url.access,
    datacenters,
    namespace: namespaceOf(url),
    domain: url.one('domain') ?? 'consul',
    aliases,
    address,
    connections,
  });
}

function namespaceOf(url: PlatformUrl): string {
  return url.one('namespace') ?? 'default';
}

function nomadCatalogsOf(url: PlatformUrl, common: Common): readonly Catalog[] | string {
  const regions = url.all('region');
  const namespaces = url.all('namespace');
  const aliases = aliasesOf(url, ['name', 'namespace', 'region']);
  if (typeof aliases === 'string') return aliases;
  const asked = regions.length === 0 ? ['global'] : [...new Set(regions)];
  const least = nomad.leastConnections * asked.length;
  const connections = connectionsOf(url, { least, usual: Math.max(least, usualNomadConnections) });
  if (typeof connections === 'string') return connections;
  return asked.map((region) =>
    nomad.nomadCatalog({
      ...common,
      access: url.access,
      region,
      namespaces: namespaces.length === 0 ? ['default'] : namespaces,
      aliases,
      connections: Math.floor(connections / asked.length),
    }),
  );
}

/** An agent takes 100 connections of one client unless it is told otherwise (limits.http_max_conns_per_client). */
const usualNomadConnections = 64;

function aliasesOf(url: PlatformUrl, placeholders: readonly string[]): readonly string[] | string {
  const aliases = url.all('alias');
  return aliases.map((alias) => templateFault(alias, placeholders)).find((fault) => fault !== undefined) ?? aliases;
}

function connectionsOf(
  url: PlatformUrl,
  { least, usual }: { readonly least: number; readonly usual: number },
): number | string {
  const text = url.one('connections') ?? String(usual);
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= least) return count;
  return `expected connections of ${least} or more, found ${text}`;
}
