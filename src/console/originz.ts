/**
 * /debug/originz?proxyID=&type=&name=: the objects that each resource of a proxy was made from, with file and line; for
 * routes down to the rule.
 */
import { lineOf, type Origin, type OriginKey } from '../model/origin.ts';
import type { Resource, ResourcePart } from '../resource/resource.ts';
import { pushOrder, shortType } from '../resource/types.ts';
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
          .filter((one) => type === null || type === shortType(one) || type === one)
          .map((one) => [
            shortType(one),
            data
              .resources(one, connection.scope)
              .filter((resource) => name === null || resource.name === name)
              .map((resource) => describe(resource, origins)),
          ]),
      ),
    );
  };
}

type Origins = ReadonlyMap<OriginKey, Origin>;

function describe({ name, version, origins, parts }: Resource, known: Origins): object {
  return {
    name,
    version,
    from: origins.map((key) => place(key, '', known)),
    ...(parts === undefined ? {} : { virtualHosts: parts.map((part) => describePart(part, known)) }),
  };
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
