/**
 * What of a proxy its configuration may depend on, in four parts that are looked at separately. Proxies with equal parts
 * share what is made for them, so a part holds nothing that no rule asks for, and resolution narrows it further.
 */
import { canonical } from '../lib/canonical.ts';
import type { GatewayTopology } from './gateway-topology.ts';
import type { Labels } from './labels.ts';

/** A proxy as a client of services. */
export interface Client {
  readonly key: string;
  readonly type: 'sidecar' | 'router';
  /** Empty for a client of a namespace that has no rules of its own and is named by none: most are alike in that. */
  readonly namespace: string;
  /** Its DNS domain; empty when no short name of it can matter. */
  readonly domain: string;
  /** `namespace/name` of the Sidecar in force; empty for none. */
  readonly sidecar: string;
  /** Only labels that some rule in force asks for. */
  readonly labels: Labels;
  /** `region/zone/subzone`; empty when nothing depends on it. */
  readonly locality: string;
  /** Empty when nothing depends on them. */
  readonly network: string;
  readonly cluster: string;
  readonly nodeName: string;
  /** The networks that it wants to know of; all when absent. */
  readonly networkView?: readonly string[];
  /** Which families of addresses it can bind and ask DNS for. */
  readonly family: 'v4' | 'v6' | 'dual';
  /** Connections reach it with the address that they were meant for, which only interception tells. */
  readonly isIntercepting: boolean;
  /** Its agent answers DNS, so that made-up addresses of services reach it. */
  readonly capturesDns: boolean;
}

/** How a proxy takes what its application sends. */
export interface Capture {
  readonly key: string;
  readonly interception: 'REDIRECT' | 'TPROXY' | 'NONE';
  /** 0 when it is no HTTP proxy. */
  readonly httpProxyPort: number;
  readonly reservedPorts: readonly number[];
  readonly isUnprivileged: boolean;
  readonly loopback: string;
  /** Other workloads of the mesh run on the same machine, so that nothing may be bound to all of its addresses. */
  readonly sharesMachine: boolean;
  readonly speaksHttp10: boolean;
  readonly unclaimed: UnclaimedPolicy;
  /** Which addresses it asks DNS for; only where it does so for the hosts of requests. */
  readonly family?: Client['family'];
}

/** What happens to what no service claims. */
export interface UnclaimedPolicy {
  /** The cluster that takes connections. */
  readonly cluster: string;
  /** Requests go to that cluster, are refused, or go to the host that they name, which DNS is asked for. */
  readonly requests: 'forward' | 'refuse' | 'by-dns';
}

/** What a proxy serves. */
export interface Serving {
  readonly key: string;
  readonly namespace: string;
  /** Ports of its services at this workload, oldest service first. */
  readonly targets: readonly ServiceTarget[];
  /** `namespace/name` of the Gateways that select it, oldest first; sidecars have none. */
  readonly gateways: readonly string[];
  /** `namespace/name` of the Sidecar in force; empty for none. */
  readonly sidecar: string;
  readonly families: readonly ('v4' | 'v6')[];
  /** Its own addresses; empty unless something is bound to them, so that replicas are alike. */
  readonly addresses: readonly string[];
  /** Where its application listens. */
  readonly application: string;
  /** Listeners for headless services whose only purpose would be to call itself. */
  readonly hiddenListeners: readonly string[];
  readonly gateway: GatewayTopology;
}

/** A port of a service that a workload serves. */
export interface ServiceTarget {
  /** The key of the service's row. */
  readonly service: string;
  readonly port: number;
  readonly targetPort: number;
}

/** Patches of EnvoyFilters in the order in which they apply: `namespace/name#position` of each, with spaces between. */
export type PatchList = string;

/** The patches that are in force for a proxy, by what they change. Empty lists for nearly everyone. */
export interface Patching {
  /** Empty when all lists are. */
  readonly key: string;
  /** Of what leaves a sidecar's workload, or of all that a gateway does. */
  readonly clusters: PatchList;
  readonly listeners: PatchList;
  readonly routes: PatchList;
  /** Of what comes in to a sidecar's workload; its routes are parts of its listeners. */
  readonly inboundClusters: PatchList;
  readonly inboundListeners: PatchList;
  /** Configurations of filters that a proxy asks for by name. */
  readonly extensions: PatchList;
}

export interface Scope {
  readonly key: string;
  readonly client: Client;
  readonly capture: Capture;
  readonly serving: Serving;
  readonly patching: Patching;
}

/** A client with its key, which is readable and short: most of its parts are empty. */
export function clientOf(part: Omit<Client, 'key'>): Client {
  const { type, namespace, domain, sidecar, labels, locality, network, cluster, nodeName, family } = part;
  const asked = Object.keys(labels).length === 0 ? '' : canonical(labels);
  const { isIntercepting, capturesDns, networkView = [] } = part;
  const place = [locality, network, cluster, nodeName];
  const view = networkView.length === 0 ? [] : [networkView.join()];
  return {
    ...part,
    key: [type, namespace, domain, sidecar, asked, ...place, family, isIntercepting, capturesDns, ...view].join('|'),
  };
}

/** A sidecar in a namespace, without anything that would set it apart. */
export function clientIn(namespace: string): Client {
  return clientOf({
    type: 'sidecar',
    namespace,
    domain: '',
    sidecar: '',
    labels: {},
    locality: '',
    network: '',
    cluster: '',
    nodeName: '',
    family: 'v4',
    isIntercepting: true,
    capturesDns: false,
  });
}

export function captureOf(part: Omit<Capture, 'key'>): Capture {
  return { ...part, key: canonical(part) };
}

export function servingOf(part: Omit<Serving, 'key'>): Serving {
  return { ...part, key: canonical(part) };
}

export const noPatches: Omit<Patching, 'key'> = {
  clusters: '',
  listeners: '',
  routes: '',
  inboundClusters: '',
  inboundListeners: '',
  extensions: '',
};

export function patchingOf(part: Omit<Patching, 'key'>): Patching {
  const { clusters, listeners, routes, inboundClusters, inboundListeners, extensions } = part;
  const lists = [clusters, listeners, routes, inboundClusters, inboundListeners, extensions];
  return { ...part, key: lists.every((list) => list === '') ? '' : lists.join('|') };
}

/** No EnvoyFilter is in force. */
export const unpatched: Patching = patchingOf(noPatches);

export function scopeOf(client: Client, capture: Capture, serving: Serving, patching: Patching = unpatched): Scope {
  const key = `${client.key}\n${capture.key}\n${serving.key}${patching.key === '' ? '' : `\n${patching.key}`}`;
  return { key, client, capture, serving, patching };
}

/** The same client wherever it runs: for what does not depend on the place. */
export function anywhere(client: Client): Client {
  const { key: _, networkView, ...rest } = client;
  return client.locality === '' && client.network === '' && client.nodeName === '' && networkView === undefined
    ? client
    : clientOf({ ...rest, locality: '', network: '', nodeName: '' });
}
