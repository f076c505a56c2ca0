/** The Consul of a local mesh: one of its own when workloads ask for one, or a server that somebody names. */
import { FileParser } from '../files/file.ts';
import { scan } from '../files/scan.ts';
import { readText } from '../files/text.ts';
import { HttpClient } from '../lib/http-client.ts';
import type { Log } from '../lib/log.ts';
import type { ServerAccess } from '../lib/server-access.ts';
import type { Catalog } from '../model/catalog.ts';
import type { KubernetesObject } from '../model/kubernetes-object.ts';
import { consulCatalogs, usualConnections } from '../registry/consul/consul-catalog.ts';
import { type ConsulAgent, startConsulAgent } from './consul-agent.ts';
import { findConsul, noConsul } from './consul-program.ts';
import { ConsulRegistrar } from './consul-registrar.ts';
import { asksForConsul, type ConsulPlace } from './local-workload.ts';

/** A Consul that runs already. Its catalogs are read because somebody has said so elsewhere. */
export interface StatedConsul {
  readonly access: ServerAccess;
  /** Where its services live. */
  readonly namespace: string;
}

export interface MeshConsul {
  readonly place: ConsulPlace;
  /** What is to be read besides catalogs that are stated. */
  readonly catalogs: readonly Catalog[];
  readonly registrar?: ConsulRegistrar;
  readonly server?: URL;
  /** The one that was started here. */
  readonly agent?: ConsulAgent;
  /** What people have to know when some workloads go without. */
  readonly complaint?: string;
}

export interface MeshConsulOptions {
  readonly folder: string;
  readonly workFolder: string;
  readonly stated?: StatedConsul;
  readonly domainSuffix: string;
  readonly version: string;
  readonly log: Log;
}

/** Never rejected: a Consul that is not to be had is no reason to run nothing. */
export async function meshConsul(options: MeshConsulOptions): Promise<MeshConsul> {
  const { folder, workFolder, stated, version, log } = options;
  const userAgent = `fairway/${version}`;
  if (stated !== undefined) {
    const { access, namespace } = stated;
    return { place: { namespace }, catalogs: [], registrar: registrar(access, userAgent, log), server: access.server };
  }
  const namespace = askingNamespace(folder);
  if (namespace === undefined) return without('which is started with the mesh alone: start `fairway up` again');
  const program = findConsul();
  if (program === undefined) return { ...without('found none'), complaint: noConsul() };
  try {
    const agent = await startConsulAgent(program, workFolder, log);
    const { access } = agent;
    return {
      place: { namespace },
      catalogs: ownCatalogs(access, namespace, options),
      registrar: registrar(access, userAgent, log),
      server: access.server,
      agent,
    };
  } catch (error) {
    const { message } = error as Error;
    return { ...without('found none that runs'), complaint: message };
  }
}

/** Where no workload runs, whatever it asks for. */
export function idleConsul(folder: string): MeshConsul {
  return { place: { namespace: askingNamespace(folder) ?? '' }, catalogs: [] };
}

/** The namespace of the first workload that asks for a Consul; undefined when none does. */
function askingNamespace(folder: string): string | undefined {
  return objectsIn(folder).find(asksForConsul)?.namespace;
}

function without(missing: string): MeshConsul {
  return { place: { missing }, catalogs: [] };
}

function registrar(access: ServerAccess, userAgent: string, log: Log): ConsulRegistrar {
  return new ConsulRegistrar({ client: new HttpClient({ access, userAgent, timeoutMs: 5000 }), log });
}

/** Its services have the names of Services of the workloads' namespace too, so that clients and rules may say `reviews`. */
function ownCatalogs(
  access: ServerAccess,
  namespace: string,
  { domainSuffix, version, log }: MeshConsulOptions,
): readonly Catalog[] {
  return consulCatalogs({
    access,
    datacenters: ['dc1'],
    namespace,
    domain: 'consul',
    aliases: [`{name}.${namespace}.svc.${domainSuffix}`],
    address: 'lan',
    connections: usualConnections,
    userAgent: `fairway/${version}`,
    log,
  });
}

/** What a folder states right now, as far as it can be read, in order of files. */
function objectsIn(folder: string): readonly KubernetesObject[] {
  return [...scan([folder]).files.keys()].sort().flatMap((file) => {
    const text = readText(file);
    return typeof text === 'string' ? [...new FileParser(file).parse(text).objects.values()] : [];
  });
}
