/**
 * /debug/originz?proxyID=&type=&name=: the objects that each resource of a proxy was made from, with file and line; for
 * routes down to the rule.
 */
import { lineOf, type Origin, type OriginKey } from '../model/origin.ts';
import type { Resource, ResourcePart } from '../resource/resource.ts';
import { agentTypes, nameTableType, pushOrder, shortType, type TypeUrl } from '../resource/types.ts';
import type { ConnectionStatus } from '../xds/ads-service.ts';
import { findConnection } from './connections.ts';
import type { ConsoleData } from './data.ts';
import { type Answer, json } from './http-server.ts';

export function originzPage(data: ConsoleData): Answer {
  return (query) => {
    const connection = findConnection(data.connections(), query.get('proxyID') ?? '');
    if ('status' in connection) return connection;
    const [type, name] = [query.get('type'), query.get('name')];
    const origins = data.origins();
    return json(
      Object.fromEntries(
        pushOrder
          .filter((one) => (type === null ? isHeld(one, connection) : type === shortType(one) || type === one))
          .map((one) => [
            shortType(one),
            data
              .resources(one, connection.scope)
              .filter((resource) => name === null || resource.name === name)
              .map((resource) => describe(one, resource, origins)),
          ]),
      ),
    );
  };
}

/** Every Envoy takes what Envoys take; names go to those agents that ask for them. */
function isHeld(type: TypeUrl, { types }: ConnectionStatus): boolean {
  return !agentTypes.has(type) || types.some(({ typeUrl }) => typeUrl === type);
}

type Origins = ReadonlyMap<OriginKey, Origin>;

function describe(type: TypeUrl, { name, version, origins, parts }: Resource, known: Origins): object {
  const from = origins.map((key) => place(key, '', known));
  if (parts === undefined) return { name, version, from };
  if (type !== nameTableType)
    return { name, version, from, virtualHosts: parts.map((part) => describePart(part, known)) };
  const names = parts.map((part) => ({ name: part.name, from: part.origins.map((key) => place(key, '', known)) }));
  return { name, version, from, names };
}

function describePart({ name, origins, routes }: ResourcePart, known: Origins): object {
  return {
    name,
    from: origins.map((key) => place(key, '', known)),
    routes: routes.map((rule) => (rule === undefined ? null : place(rule.object, rule.path, known))),
  };
}

/** `VirtualService/shop/reviews spec.http[0] (bookshop/rules.yaml:12)` */
function place(key: OriginKey, path: string, known: Origins): string {
  const origin = known.get(key);
  const what = path === '' ? key : `${key} ${path}`;
  return origin?.file === undefined ? what : `${what} (${origin.file}:${lineOf(origin, path) ?? 1})`;
}
