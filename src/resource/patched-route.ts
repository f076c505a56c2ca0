/** Route configurations with patches carried out on them: each host by itself, so that one that changes is read alone. */
import type { Effect } from '../envoy/patch/patch.ts';
import { addedHosts, type Host, patchConfiguration, patchHost } from '../envoy/patch/route-configuration.ts';
import type { RouteName } from '../envoy/patch/route-match.ts';
import { ensure } from '../lib/ensure.ts';
import { contentVersion } from '../lib/hash.ts';
import type { OriginKey } from '../model/origin.ts';
import { originsWith, type PatchedVirtualHost, type Prepared } from './patcher.ts';
import type { Resource } from './resource.ts';
import {
  asField,
  assemble,
  type ConfigurationHead,
  configurationFields,
  type EncodedVirtualHost,
  messageOf,
} from './route-configuration.ts';

/** What a configuration is put together from. */
export interface RoutePieces {
  readonly hosts: readonly EncodedVirtualHost[];
  readonly namesPorts: boolean;
}

export interface PatchedRoute {
  readonly resource: Resource;
  readonly effects: readonly Effect[];
}

export function patchRoute(route: RouteName, { hosts, namesPorts }: RoutePieces, prepared: Prepared): PatchedRoute {
  const { patches } = prepared;
  const memo = ensure(prepared.hosts, route.name, () => new WeakMap<EncodedVirtualHost, PatchedVirtualHost>());
  const patched = hosts.map((host) => {
    const found = memo.get(host) ?? patchOne(route, host, prepared);
    memo.set(host, found);
    return found;
  });
  const kept = patched.flatMap(({ host }) => host ?? []);
  const added = addedHosts(
    route,
    kept.flatMap(({ domains }) => domains),
    patches,
  );
  const head = patchHead(route, namesPorts, prepared);
  return {
    resource: assemble(head, [
      ...kept,
      ...added.hosts.map((host) => encodeHost(host, host.domains, [host.origin.object])),
    ]),
    effects: [...head.effects, ...patched.flatMap(({ effects }) => effects), ...added.effects],
  };
}

function patchHead(
  route: RouteName,
  namesPorts: boolean,
  { patches }: Prepared,
): ConfigurationHead & { readonly effects: readonly Effect[] } {
  const own = configurationFields(route.name, namesPorts);
  const { bytes: fields = own, effects } = patchConfiguration(route, own, patches);
  const version = fields === own ? String(namesPorts) : contentVersion(fields);
  return { name: route.name, fields, version, origins: originsWith([], effects), effects };
}

function patchOne(route: RouteName, host: EncodedVirtualHost, { patches }: Prepared): PatchedVirtualHost {
  const { name, origins, routes } = host.part;
  const before: Host = { name, bytes: messageOf(host), routes };
  const { host: after, effects } = patchHost(route, before, patches);
  if (after === before) return { host, effects };
  return { host: after && encodeHost(after, host.domains, originsWith(origins, effects)), effects };
}

function encodeHost(
  { name, bytes, routes }: Host,
  domains: readonly string[],
  origins: readonly OriginKey[],
): EncodedVirtualHost {
  return asField(bytes, domains, { name, origins, routes });
}
