/**
 * Patches on RouteConfigurations, their virtual hosts and routes. Hosts can be patched one by one, since configurations are
 * put together from them, and what no patch means is not even read.
 */
import { fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import { envoyMessage } from '../../descriptors/registry.ts';
import type { RuleOrigin } from '../../ir/route.ts';
import { patchList } from './list.ts';
import { type Effect, Effects, mergePatch, type Patch, type Patched, patchesOn, valueOf } from './patch.ts';
import {
  mayMeanHost,
  meansHost,
  meansRouteConfiguration,
  type RouteConfigurationMessage,
  type RouteMessage,
  type RouteName,
  routeMeant,
  sidecarRouteName,
  type VirtualHostMessage,
} from './route-match.ts';

/** A virtual host, encoded, with the rule behind each of its routes, in order. */
export interface Host {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly routes: readonly (RuleOrigin | undefined)[];
}

export interface PatchedHost {
  /** Undefined when it has been removed; the very same when nothing has changed. */
  readonly host: Host | undefined;
  readonly effects: readonly Effect[];
}

const configuration = 'envoy.config.route.v3.RouteConfiguration';
const virtualHost = 'envoy.config.route.v3.VirtualHost';

/** Merges patches into a configuration, given without the hosts that are patched by themselves. */
export function patchConfiguration(route: RouteName, bytes: Uint8Array, patches: readonly Patch[]): Patched {
  const meant = patchesOn('ROUTE_CONFIGURATION', patches).filter((patch) => meansRouteConfiguration(patch, route));
  if (meant.length === 0) return { name: route.name, bytes, effects: [] };
  const schema = envoyMessage(configuration);
  const message = fromBinary(schema, bytes) as RouteConfigurationMessage;
  const effects = new Effects();
  mergeConfiguration(message, meant, effects);
  return { name: route.name, bytes: toBinary(schema, message), effects: effects.list() };
}

/** Proxies ask for a configuration by its name, which therefore stays. */
function mergeConfiguration(message: RouteConfigurationMessage, patches: readonly Patch[], effects: Effects): void {
  const { name } = message;
  for (const patch of patches) {
    mergePatch(message, patch, effects);
    if (message.name !== name) effects.misfit(patch, `expected no other name for ${name}, found ${message.name}`);
    message.name = name;
  }
}

/** Carries out what patches say of a virtual host and of its routes. */
export function patchHost(route: RouteName, host: Host, patches: readonly Patch[]): PatchedHost {
  const meant = patches.filter(
    (patch) => mayMeanHost(patch, host.name) && meansRouteConfiguration(patch, route) && !isForConfiguration(patch),
  );
  if (meant.length === 0) return { host, effects: [] };
  const schema = envoyMessage(virtualHost);
  const message = fromBinary(schema, host.bytes) as VirtualHostMessage;
  const origins = new Map(message.routes.map((one, i) => [one, host.routes[i]]));
  const effects = new Effects();
  const patched = patchHostMessage(message, meant, effects, origins);
  if (patched !== undefined && !effects.isChange) return { host, effects: effects.list() };
  return { host: patched && toHost(patched, origins), effects: effects.list() };
}

function isForConfiguration({ ir: { target, operation } }: Patch): boolean {
  return target === 'ROUTE_CONFIGURATION' || (target === 'VIRTUAL_HOST' && operation === 'ADD');
}

type Origins = Map<RouteMessage, RuleOrigin | undefined>;

function toHost(message: VirtualHostMessage, origins: Origins): Host {
  return {
    name: message.name,
    bytes: toBinary(envoyMessage(virtualHost), message),
    routes: message.routes.map((route) => origins.get(route)),
  };
}

/** The host after all that is meant for it; undefined when it is removed. */
function patchHostMessage(
  host: VirtualHostMessage,
  patches: readonly Patch[],
  effects: Effects,
  origins: Origins,
): VirtualHostMessage | undefined {
  let current = host;
  for (const patch of patchesOn('VIRTUAL_HOST', patches)) {
    if (patch.ir.operation === 'ADD' || !meansHost(patch, current)) continue;
    if (patch.ir.operation === 'REMOVE') {
      effects.applied(patch);
      return undefined;
    }
    if (patch.ir.operation === 'REPLACE') {
      current = valueOf<VirtualHostMessage>(patch);
      effects.applied(patch);
    } else mergePatch(current, patch, effects);
    noteOrigins(current.routes, patch, origins);
  }
  const onRoutes = patchesOn('HTTP_ROUTE', patches).filter((patch) => meansHost(patch, current));
  current.routes = current.routes.filter((route) => patchRoute(route, onRoutes, effects));
  for (const patch of onRoutes) placeRoute(current, patch, effects, origins);
  return current;
}

/** Routes that nobody has claimed yet come from the patch. */
function noteOrigins(routes: readonly Message[], { ir }: Patch, origins: Map<Message, RuleOrigin | undefined>): void {
  for (const route of routes) if (!origins.has(route)) origins.set(route, ir.origin);
}

/** False when the route is removed. */
function patchRoute(route: RouteMessage, patches: readonly Patch[], effects: Effects): boolean {
  for (const patch of patches) {
    if (!(routeMeant(patch)?.(route) ?? true)) continue;
    if (patch.ir.operation === 'REMOVE') {
      effects.applied(patch);
      return false;
    }
    mergePatch(route, patch, effects);
  }
  return true;
}

function placeRoute(host: VirtualHostMessage, patch: Patch, effects: Effects, origins: Origins): void {
  const { operation } = patch.ir;
  if (operation === 'REMOVE') return;
  const isMeant = routeMeant(patch);
  // The first place is only given where the route that is asked for is there.
  if (operation === 'INSERT_FIRST' && isMeant !== undefined && !host.routes.some(isMeant)) return;
  const placed = patchList(host.routes, operation, () => valueOf<RouteMessage>(patch), isMeant);
  if (placed === undefined) return;
  host.routes = placed;
  noteOrigins(placed, patch, origins);
  effects.applied(patch);
}

/** A host that a patch adds. */
export interface AddedHost extends Host {
  readonly domains: readonly string[];
  readonly origin: RuleOrigin;
}

/** The hosts that patches add to a configuration in which some domains are taken. */
export function addedHosts(
  route: RouteName,
  domains: Iterable<string>,
  patches: readonly Patch[],
): { readonly hosts: readonly AddedHost[]; readonly effects: readonly Effect[] } {
  const effects = new Effects();
  const hosts = newHosts(route, domains, patches, effects).map(({ host, patch: { ir } }) => {
    const origins: Origins = new Map(host.routes.map((one) => [one, ir.origin]));
    return { ...toHost(host, origins), domains: host.domains, origin: ir.origin };
  });
  return { hosts, effects: effects.list() };
}

/** Envoy refuses a configuration in which two hosts have a domain in common, or one has none. */
function newHosts(
  route: RouteName,
  domains: Iterable<string>,
  patches: readonly Patch[],
  effects: Effects,
): readonly { readonly host: VirtualHostMessage; readonly patch: Patch }[] {
  const adding = patchesOn('VIRTUAL_HOST', patches).filter(
    (patch) => patch.ir.operation === 'ADD' && meansRouteConfiguration(patch, route),
  );
  if (adding.length === 0) return [];
  const taken = new Set([...domains].map((domain) => domain.toLowerCase()));
  return adding.flatMap((patch) => {
    const host = valueOf<VirtualHostMessage>(patch);
    const own = host.domains.map((domain) => domain.toLowerCase());
    const twice = own.find((domain) => taken.has(domain));
    if (own.length === 0 || twice !== undefined) {
      const found = twice === undefined ? 'none' : `${twice}, which another virtual host has`;
      effects.misfit(patch, `expected domains of its own for the virtual host ${host.name}, found ${found}`);
      return [];
    }
    for (const domain of own) taken.add(domain);
    effects.applied(patch);
    return [{ host, patch }];
  });
}

/** Patches the routes that stand in a connection manager itself. */
export function patchInlineRoutes(
  message: RouteConfigurationMessage,
  patches: readonly Patch[],
  effects: Effects,
): void {
  const route = sidecarRouteName(message.name);
  const meant = patches.filter((patch) => meansRouteConfiguration(patch, route));
  mergeConfiguration(message, patchesOn('ROUTE_CONFIGURATION', meant), effects);
  message.virtualHosts = message.virtualHosts.flatMap(
    (host) => patchHostMessage(host, meant, effects, new Map()) ?? [],
  );
  const domains = message.virtualHosts.flatMap((host) => host.domains);
  message.virtualHosts.push(...newHosts(route, domains, meant, effects).map(({ host }) => host));
}
