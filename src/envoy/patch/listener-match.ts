/** Which listeners, filter chains and filters a patch means. */
import type { Message } from '@bufbuild/protobuf';
import type { IsMeant, Named } from './named.ts';
import type { Patch } from './patch.ts';

export interface ListenerMessage extends Message {
  name: string;
  address?: { readonly address: { readonly case: string | undefined; readonly value?: unknown } };
  filterChains: FilterChainMessage[];
  defaultFilterChain?: FilterChainMessage;
  listenerFilters: Named[];
}

export interface FilterChainMessage extends Message {
  name: string;
  filterChainMatch?: FilterChainMatchMessage;
  filters: Named[];
  transportSocket?: Named;
}

export interface FilterChainMatchMessage extends Message {
  readonly destinationPort?: number;
  readonly serverNames: readonly string[];
  readonly transportProtocol: string;
  readonly applicationProtocols: readonly string[];
}

/** Connections to many ports share one listener of these names, and chains say which port each is for. */
const virtual: ReadonlySet<string> = new Set(['virtualInbound', 'virtualOutbound']);

export function meansListener({ ir: { target, listener: match } }: Patch, listener: ListenerMessage): boolean {
  const { name = '', portNumber = 0 } = match ?? {};
  if (name !== '' && name !== listener.name) return false;
  if (portNumber === 0 || (target !== 'LISTENER' && virtual.has(listener.name))) return true;
  return portOf(listener) === portNumber;
}

function portOf({ address }: ListenerMessage): number | undefined {
  if (address?.address.case !== 'socketAddress') return undefined;
  const { portSpecifier } = address.address.value as { readonly portSpecifier: { case?: string; value?: unknown } };
  return portSpecifier.case === 'portValue' ? (portSpecifier.value as number) : undefined;
}

/** Whether a patch that means the listener means one of its chains. */
export function meansChain({ ir }: Patch, listener: ListenerMessage, chain: FilterChainMessage): boolean {
  const { portNumber = 0, filterChain: match = {} } = ir.listener ?? {};
  const {
    destinationPort,
    serverNames = [],
    transportProtocol = '',
    applicationProtocols = [],
  } = {
    ...chain.filterChainMatch,
  };
  if (virtual.has(listener.name) && portNumber !== 0 && destinationPort !== portNumber) return false;
  const protocols = (match.applicationProtocols ?? '') === '' ? [] : (match.applicationProtocols ?? '').split(',');
  return (
    isAsked(match.name, (name) => name === chain.name) &&
    isAsked(match.sni, (sni) => serverNames.includes(sni)) &&
    isAsked(match.transportProtocol, (protocol) => protocol === transportProtocol) &&
    protocols.every((protocol) => applicationProtocols.includes(protocol)) &&
    ((match.destinationPort ?? 0) === 0 || match.destinationPort === destinationPort)
  );
}

function isAsked(asked: string | undefined, holds: (asked: string) => boolean): boolean {
  return asked === undefined || asked === '' || holds(asked);
}

/** Which filters a patch means; undefined when it names none. */
export function listenerFilterMeant({ ir }: Patch): IsMeant {
  return isNamed(ir.listener?.listenerFilter);
}

export function networkFilterMeant({ ir }: Patch): IsMeant {
  return isNamed(ir.listener?.filterChain?.filter?.name);
}

export function httpFilterMeant({ ir }: Patch): IsMeant {
  return isNamed(ir.listener?.filterChain?.filter?.subFilter?.name);
}

function isNamed(wanted: string | undefined): IsMeant {
  return wanted === undefined || wanted === '' ? undefined : ({ name }) => name === wanted;
}
