/** Finds an adapter's module and makes its catalog. */
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, isRecord } from '../../lib/schema.ts';
import type { Catalog } from '../../model/catalog.ts';
import type { CatalogContext } from './adapter.ts';

export interface AdapterPlace {
  /** The name of a package, or a path that begins with a dot or a slash. */
  readonly module: string;
  /** The folder that paths are relative to, and from which packages are looked for as Node does. */
  readonly folder: string;
  /** As the adapter takes them. */
  readonly options: string;
}

/** There is no catalog to be had; the message is one line for whoever gave the options. */
export class AdapterError extends Error {
  override readonly name = 'AdapterError';
}

/** Rejected with AdapterError. */
export async function loadCatalog(place: AdapterPlace, context: CatalogContext): Promise<Catalog> {
  const { module, options } = place;
  const exported = await load(place).catch((error: unknown) => {
    throw error instanceof AdapterError ? error : new AdapterError(`cannot load ${module}: ${firstLine(error)}`);
  });
  const { createCatalog } = exported;
  if (typeof createCatalog !== 'function') {
    const names = Object.keys(exported).sort().join(', ') || 'nothing';
    throw new AdapterError(`${module}: expected an exported function createCatalog, found ${names}`);
  }
  let catalog: unknown;
  try {
    catalog = createCatalog(options, context);
  } catch (error) {
    throw new AdapterError(`${module}: ${firstLine(error)}`);
  }
  const fault = catalogFault(catalog);
  if (fault !== undefined) throw new AdapterError(`${module}: createCatalog: ${fault}`);
  return catalog as Catalog;
}

async function load({ module, folder }: AdapterPlace): Promise<{ readonly [name: string]: unknown }> {
  if (/^\.{0,2}\//.test(module) || module === '.' || module === '..') {
    const path = resolve(folder, module);
    if (!existsSync(path)) throw new AdapterError(`cannot load ${module}: there is no file ${path}`);
    return await import(pathToFileURL(path).href);
  }
  // Packages are those of whoever starts Fairway, wherever Fairway itself is installed.
  const parentURL = pathToFileURL(join(folder, 'adapters')).href;
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      next(
        specifier,
        specifier === module && context.parentURL === import.meta.url ? { ...context, parentURL } : context,
      ),
  });
  try {
    return await import(module);
  } finally {
    hooks.deregister();
  }
}

const nameForm = /^[a-z\d][\w.:[\]-]*(?:\/[\w.:[\]-]+)*$/i;
const mostName = 200;
/** What sources of Fairway's own are called. */
const taken = new Set(['kubernetes', 'files', 'service-entry']);

function catalogFault(catalog: unknown): string | undefined {
  if (!isRecord(catalog)) return `expected a catalog with name, kind and run, found ${describe(catalog)}`;
  const { name, kind, run, reread } = catalog;
  if (typeof name !== 'string' || !nameForm.test(name) || name.length > mostName)
    return `expected a name such as http-json/shop, found ${describe(name)}`;
  if (taken.has(name.split('/')[0] ?? '')) return `expected a name that is not Fairway's own, found ${name}`;
  if (typeof kind !== 'string' || !/^[A-Z][A-Za-z\d]{0,99}$/.test(kind))
    return `expected a kind such as HttpJsonService, found ${describe(kind)}`;
  if (typeof run !== 'function') return `expected a function run, found ${nameOf(run)}`;
  if (reread !== undefined && typeof reread !== 'function')
    return `expected a function reread, or none, found ${nameOf(reread)}`;
  return undefined;
}

/** Functions have no form that `describe` knows. */
function nameOf(value: unknown): string {
  return typeof value === 'function' ? 'a function' : describe(value);
}

function firstLine(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).trim().split('\n', 1);
  return line === '' ? 'it failed without a message' : line;
}
