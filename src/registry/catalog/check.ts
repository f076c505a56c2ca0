/** Which parts of a catalog's service can be used: whoever registers a service may register anything. */
import { isIP } from 'node:net';
import { distinctBy } from '../../lib/distinct.ts';
import type { CatalogInstance, CatalogService } from '../../model/catalog.ts';
import type { Hostname } from '../../model/hostname.ts';
import type { Origin } from '../../model/origin.ts';
import { type Problem, placeOf } from '../../model/problem.ts';
import type { ServicePort } from '../../model/service.ts';

/** A service in which everything can be called and connected to, and what was left out of it. Instances are sorted by id. */
export interface CheckedService {
  readonly usable: CatalogService;
  readonly problems: readonly Problem[];
}

type Tell = (code: 'FW3101' | 'FW3102', path: string, expectation: string, found: unknown) => void;

/** No message repeats more of what somebody has registered than this many characters. */
const mostShown = 200;
/** Problems of one service that are told one by one: thousands of instances may share a mistake. */
const mostProblems = 20;

export function checkService(service: CatalogService, origin: Origin): CheckedService {
  const problems: Problem[] = [];
  const tell: Tell = (code, path, expectation, found) => {
    if (problems.length >= mostProblems) return;
    const shown = JSON.stringify(found) ?? 'nothing';
    const message = `expected ${expectation}, found ${shown.length > mostShown ? `${shown.slice(0, mostShown)}…` : shown}`;
    problems.push({ code, severity: 'warning', message, path, ...placeOf(origin, undefined) });
  };
  const hostnames = [...new Set(service.hostnames)].filter((host) => isHost(host, tell));
  const ports = distinctBy(
    service.ports.filter((port) => isServicePort(port, tell)),
    ({ number }) => String(number),
  );
  const instances = distinctBy(service.instances, ({ id }) => id)
    .flatMap((instance) => usableInstance(instance, tell))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  return { usable: { ...service, hostnames, ports, instances }, problems };
}

/** Whether an address has to be asked of DNS. */
export function isDnsAddress(address: string): boolean {
  return isIP(address) === 0;
}

function isHost(host: Hostname, tell: Tell): boolean {
  const isUsable = isDnsName(host) && host === host.toLowerCase();
  if (!isUsable) tell('FW3101', 'hostnames', 'a DNS name in lower case, by which clients can call', host);
  return isUsable;
}

function isServicePort({ number }: ServicePort, tell: Tell): boolean {
  if (isPort(number)) return true;
  tell('FW3101', 'ports', 'port numbers from 1 to 65535', number);
  return false;
}

function usableInstance(instance: CatalogInstance, tell: Tell): readonly CatalogInstance[] {
  const path = `instances[${instance.id}]`;
  const { address, ports, weight = 1 } = instance;
  if (isIP(address) === 0 ? !isDnsName(address) : isUnspecified(address)) {
    tell('FW3102', `${path}.address`, 'an IP address or a DNS name that can be connected to', address);
    return [];
  }
  const usable = Object.entries(ports).filter(([, port]) => isPort(port));
  for (const [name, port] of Object.entries(ports))
    if (!isPort(port)) tell('FW3102', `${path}.ports.${name}`, 'a port from 1 to 65535', port);
  if (usable.length === 0) return [];
  if (!Number.isSafeInteger(weight) || weight < 0) {
    tell('FW3102', `${path}.weight`, 'a whole number of 0 or more', weight);
    return [{ ...instance, ports: Object.fromEntries(usable), weight: weight > 0 ? Math.ceil(weight) : 1 }];
  }
  return [{ ...instance, ports: Object.fromEntries(usable) }];
}

function isPort(port: unknown): boolean {
  return Number.isInteger(port) && (port as number) >= 1 && (port as number) <= 65_535;
}

/** The address of nobody in particular, which a service binds to but nobody can call. */
function isUnspecified(address: string): boolean {
  return address === '0.0.0.0' || /^[0:]+$/.test(address);
}

/** Underscores are no part of DNS' rules for hosts, but names of services have them. */
function isDnsName(name: string): boolean {
  return (
    name.length <= 253 && /^[a-z\d_]([a-z\d_-]{0,61}[a-z\d_])?(\.[a-z\d_]([a-z\d_-]{0,61}[a-z\d_])?)*$/i.test(name)
  );
}
