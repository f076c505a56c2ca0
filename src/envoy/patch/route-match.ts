/** Which route configurations, virtual hosts and routes a patch means. */
import type { Message } from '@bufbuild/protobuf';
import type { Patch } from './patch.ts';

export interface RouteConfigurationMessage extends Message {
  name: string;
  virtualHosts: VirtualHostMessage[];
}

export interface VirtualHostMessage extends Message {
  readonly name: string;
  readonly domains: readonly string[];
  routes: RouteMessage[];
}

export interface RouteMessage extends Message {
  readonly name: string;
  readonly action: { readonly case: string | undefined };
}

/** A route configuration by its name and what that stands for. */
export interface RouteName {
  readonly name: string;
  /** The port numbers by which patches may call it. */
  readonly ports: readonly number[];
  /** Of a gateway's route configuration; empty when it is not that of one HTTPS server. Absent for a sidecar's. */
  readonly server?: { readonly portName: string; readonly gateway: string };
}

/** A sidecar's route configuration is called by its port, which its name says. */
export function sidecarRouteName(name: string): RouteName {
  const port = /^(?:inbound\|)?(\d+)(?:\||$)/.exec(name)?.[1];
  return { name, ports: port === undefined ? [] : [Number(port)] };
}

export function meansRouteConfiguration({ ir }: Patch, { name, ports, server }: RouteName): boolean {
  const { name: asked = '', portNumber = 0, portName = '', gateway = '' } = ir.routeConfiguration ?? {};
  return (
    (asked === '' || asked === name) &&
    (portNumber === 0 || ports.includes(portNumber)) &&
    (server === undefined || portName === '' || portName === server.portName) &&
    (server === undefined || gateway === '' || gateway === server.gateway)
  );
}

/** Whether a patch may mean a virtual host, by its name alone. */
export function mayMeanHost({ ir }: Patch, name: string): boolean {
  const asked = ir.routeConfiguration?.vhost?.name ?? '';
  return asked === '' || asked === name;
}

export function meansHost(patch: Patch, { name, domains }: VirtualHostMessage): boolean {
  const domain = patch.ir.routeConfiguration?.vhost?.domainName ?? '';
  return mayMeanHost(patch, name) && (domain === '' || domains.includes(domain));
}

/** Which routes a patch means; undefined when it says nothing of routes. */
export function routeMeant({ ir }: Patch): ((route: RouteMessage) => boolean) | undefined {
  const match = ir.routeConfiguration?.vhost?.route;
  if (match === undefined) return undefined;
  const { name = '', action = 'ANY' } = match;
  return (route) =>
    (name === '' || name === route.name) && (action === 'ANY' || action === actions[route.action.case ?? '']);
}

const actions: { readonly [field: string]: string } = {
  route: 'ROUTE',
  redirect: 'REDIRECT',
  directResponse: 'DIRECT_RESPONSE',
};
