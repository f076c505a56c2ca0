/** A gateway proxy in a mesh of YAML texts, and what it is to do, in lines that tables can hold. */
import assert from 'node:assert/strict';
import type { ControlPlane } from '../../src/control-plane.ts';
import type { Query } from '../../src/incremental/query.ts';
import type { FilterChainIr } from '../../src/ir/listener.ts';
import type { RouteIr, VirtualHostIr } from '../../src/ir/route.ts';
import { formatProblem } from '../../src/model/problem.ts';
import type { Scope } from '../../src/model/scope.ts';
import { controlPlaneOf } from './control-plane.ts';
import { indent } from './indent.ts';
import { proxyOf } from './proxy.ts';

export interface GatewayProxyText {
  readonly ip?: string;
  readonly metadata?: { readonly [name: string]: unknown };
}

/** A router of the namespace `edge` with the label `app: ingress`, at 10.0.0.1, unless told otherwise. */
export function gatewayProxy(
  objects: readonly string[],
  { ip = '10.0.0.1', metadata = {} }: GatewayProxyText = {},
): GatewayProxy {
  const plane = controlPlaneOf(objects.join('\n---\n'));
  const proxy = proxyOf({
    type: 'router',
    ip,
    pod: 'ingress-1',
    namespace: 'edge',
    labels: { app: 'ingress' },
    metadata,
  });
  const { scope, close } = plane.connect(proxy, () => {});
  return new GatewayProxy(plane, scope, close);
}

export class GatewayProxy {
  readonly plane: ControlPlane;
  readonly scope: Scope;

  readonly leave: () => void;

  constructor(plane: ControlPlane, scope: Scope, leave: () => void) {
    this.plane = plane;
    this.scope = scope;
    this.leave = leave;
  }

  /** By listener one line per chain: `a.test, b.test: TLS → https.443.https.front.edge`. */
  get chains(): { readonly [listener: string]: readonly string[] } {
    const { listeners } = this.#ask(this.plane.mesh.gatewayListeners, this.scope);
    return Object.fromEntries(listeners.map(({ name, chains }) => [name, chains.map(chainLine)]));
  }

  /** One line per virtual host: `a.test:80 (a.test, b.test): /pay → pay:80, → shop:80`; undefined for an unknown name. */
  hosts(routeName: string): readonly string[] | undefined {
    const { client, serving } = this.scope;
    return this.#ask(this.plane.mesh.gatewayHosts, { client, serving, name: routeName })?.map(hostLine);
  }

  /** What it does not serve, as people read it. */
  get problems(): readonly string[] {
    return this.#ask(this.plane.mesh.gatewayProblems, this.scope).map(formatProblem);
  }

  #ask<K, V>(query: Query<K, V>, key: K): V {
    const { value } = this.plane.graph.watch(query, key, () => {});
    assert.ok(value !== undefined || query.name === 'gatewayHosts', `${query.name} failed`);
    return value as V;
  }
}

function chainLine({ match, tls, network }: FilterChainIr): string {
  const names = (match?.serverNames ?? []).join(', ');
  const target =
    network.kind === 'http'
      ? network.manager.routes.name
      : network.proxy.clusters
          .map(({ name, weight }) => `${shortName(name)}${network.proxy.isWeighted ? ` ${weight}` : ''}`)
          .join(', ');
  return `${names === '' ? 'any' : names}:${tls === undefined ? '' : ' TLS'} → ${target}`;
}

function hostLine({ name, domains, requiresTls, routes }: VirtualHostIr): string {
  const to = [...(requiresTls === true ? ['redirect'] : []), ...routes.map(routeLine)].join(', ');
  return `${name} (${domains.join(', ')}): ${to === '' ? 'nothing' : to}`;
}

function routeLine({ match: { path }, action }: RouteIr): string {
  const at = path.kind === 'prefix' && path.value === '/' ? '' : `${path.value} `;
  return `${at}→ ${action.kind === 'forward' ? action.clusters.map(({ name }) => shortName(name)).join(', ') : action.kind}`;
}

/** `shop:80` for `outbound|80||shop.shop.svc.cluster.local`. */
function shortName(cluster: string): string {
  const match = /^outbound\|(\d+)\|([^|]*)\|([^.]+)\.[^.]+\.svc\.cluster\.local$/.exec(cluster);
  return match === null ? cluster : `${match[3]}:${match[1]}${match[2] === '' ? '' : `/${match[2]}`}`;
}

/** A Gateway: `gateway('edge/front', servers)`, servers as the YAML of their list; `createdAt` such as `2024-05-01`. */
export function gateway(name: string, servers: string, options: ObjectOptions = {}): string {
  return object('Gateway', name, `selector: { app: ingress }\nservers:\n${indent(servers, 0)}`, options);
}

/** A VirtualService: `virtualService('shop/front', spec)`. */
export function virtualService(name: string, spec: string, options: ObjectOptions = {}): string {
  return object('VirtualService', name, spec, options);
}

export interface ObjectOptions {
  readonly createdAt?: string;
  readonly annotations?: { readonly [name: string]: string };
}

export function object(kind: string, name: string, spec: string, { createdAt, annotations }: ObjectOptions): string {
  const [namespace = '', own = ''] = name.split('/');
  return `apiVersion: networking.istio.io/v1
kind: ${kind}
metadata:
  name: ${own}
  namespace: ${namespace}
${createdAt === undefined ? '' : `  creationTimestamp: "${createdAt}T00:00:00Z"\n`}${annotations === undefined ? '' : `  annotations: ${JSON.stringify(annotations)}\n`}spec:
${indent(spec, 2)}`;
}

/** A Service with one port or several, `service('shop/front', '- { name: http, port: 80 }')`. */
export function service(name: string, ports: string, options: { readonly [field: string]: unknown } = {}): string {
  const [namespace = '', own = ''] = name.split('/');
  const { labels = {}, createdAt, ...spec } = options;
  return `apiVersion: v1
kind: Service
metadata:
  name: ${own}
  namespace: ${namespace}
  labels: ${JSON.stringify(labels)}
${createdAt === undefined ? '' : `  creationTimestamp: "${createdAt}T00:00:00Z"\n`}spec:
${Object.entries(spec)
  .map(([field, value]) => `  ${field}: ${JSON.stringify(value)}\n`)
  .join('')}  ports:
${indent(ports, 2)}`;
}
