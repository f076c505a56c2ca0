/** The rules for ports that Gateways, Sidecars, ServiceEntries and workloads share. */
import type { Path } from '../../lib/schema.ts';
import type { Code } from '../../model/codes.ts';
import { protocolNames } from '../../model/protocol.ts';
import type { ListenPort } from '../gateway.ts';
import type { Check } from './check.ts';
import { isDnsLabel } from './names.ts';

export function checkPortName(check: Check, code: Code, path: Path, name: string): void {
  if (!isDnsLabel(name))
    check.error(code, path, `expected a name of letters, digits and dashes, found ${JSON.stringify(name)}`);
}

/** Empty for a port whose proxy looks at the first bytes. */
export function checkProtocol(check: Check, code: Code, path: Path, protocol: string): void {
  if (protocol !== '' && !isProtocol(protocol))
    check.error(
      code,
      path,
      `expected one of ${protocolNames.join(', ').toUpperCase()}, found ${JSON.stringify(protocol)}`,
    );
}

export function isProtocol(protocol: string): boolean {
  return protocolNames.includes(protocol.toLowerCase());
}

/** The port of a Sidecar's listener: name and protocol may be missing; a target port is nothing that a Sidecar could have. */
export function checkListenPort(check: Check, path: Path, port: ListenPort, code: 'FW0502' | 'FW0503'): void {
  const { name = '', protocol = '', targetPort = 0 } = port;
  if (name !== '') checkPortName(check, code, [...path, 'name'], name);
  checkProtocol(check, code, [...path, 'protocol'], protocol);
  if (targetPort > 0) check.error(code, [...path, 'targetPort'], 'expected none, found one: it has no effect');
}
