/**
 * Which listener serves a connection. The one that is bound where the connection arrives takes it; one that restores the
 * original destination (use_original_dst) hands it over to the listener of that destination, if there is one.
 */
import { formatAddress } from '../lib/address.ts';
import { isSameIp, isUnspecified, parseIp } from '../lib/ip.ts';
import type { Address } from '../proto/envoy/config/core/v3/address.ts';
import type { Listener } from '../proto/envoy/config/listener/v3/listener.ts';
import type { Call, SocketAddress } from './call.ts';
import { typeName } from './configuration.ts';
import { type Alternative, type Choice, chosen, ending, refusal, type Step } from './outcome.ts';

/** The listener that accepts the connection. */
export function acceptingListener(listeners: readonly Listener[], call: Call): Choice<Listener> {
  const { destination, interceptedAt } = call;
  const at = interceptedAt ?? destination;
  const found = listenerAt(
    listeners.filter(({ bindToPort }) => bindToPort !== false),
    at,
  );
  if (found === undefined)
    return ending('listener', refusal('no listener matched', `nothing is bound to ${text(at)}`), others(listeners, at));
  return {
    found: found.listener,
    step: chosen('listener', found.listener.name, arrival(found, call), {
      passedOver: others(listeners, at, found.listener),
    }),
  };
}

/** The listener that serves a connection that another has accepted, and the step to it if it is another one. */
export function servingListener(
  listeners: readonly Listener[],
  accepting: Listener,
  call: Call,
): { readonly listener: Listener; readonly step?: Step } {
  const { destination } = call;
  if (accepting.useOriginalDst !== true || call.interceptedAt === undefined) return { listener: accepting };
  const found = listenerAt(listeners, destination);
  if (found === undefined || found.listener === accepting) {
    const because = `it keeps the connection: no listener has the address ${text(destination)} or any address with port ${destination.port}`;
    const passedOver = others(listeners, destination, accepting);
    return { listener: accepting, step: chosen('listener', accepting.name, because, { passedOver }) };
  }
  const because = `${accepting.name ?? 'it'} hands the connection over to the listener of ${bindingText(found, destination)}`;
  const passedOver = others(listeners, destination, found.listener);
  return { listener: found.listener, step: chosen('listener', found.listener.name, because, { passedOver }) };
}

/** Where the connection goes as far as Envoy knows: to its original destination if one of the listeners restores it. */
export function localAddress(call: Call, ...listeners: readonly Listener[]): SocketAddress {
  const { destination, interceptedAt = destination } = call;
  return listeners.some(restoresDestination) ? destination : interceptedAt;
}

function restoresDestination({ useOriginalDst, listenerFilters = [] }: Listener): boolean {
  return (
    useOriginalDst === true ||
    listenerFilters.some(
      ({ configType }) =>
        configType?.$case === 'typedConfig' &&
        typeName(configType.value) === 'envoy.extensions.filters.listener.original_dst.v3.OriginalDst',
    )
  );
}

interface Found {
  readonly listener: Listener;
  readonly isWildcard: boolean;
}

/** The listener of exactly this address, else that of any address with this port. */
function listenerAt(listeners: readonly Listener[], at: SocketAddress): Found | undefined {
  for (const listener of listeners) if (bindings(listener).some((one) => isAt(one, at))) return found(listener, false);
  for (const family of [0, 1] as const)
    for (const listener of listeners)
      if (bindings(listener).some((one) => isForAny(one, at, family))) return found(listener, true);
  return undefined;
}

function found(listener: Listener, isWildcard: boolean): Found {
  return { listener, isWildcard };
}

interface Binding extends SocketAddress {
  readonly takesIpv4: boolean;
}

/** The TCP addresses of a listener. */
function bindings(listener: Listener): readonly Binding[] {
  if (listener.udpListenerConfig !== undefined) return [];
  return [listener.address, ...(listener.additionalAddresses ?? []).map(({ address }) => address)].flatMap(binding);
}

function binding(address: Address | undefined): readonly Binding[] {
  if (address?.address?.$case !== 'socketAddress') return [];
  const { address: ip = '', portSpecifier, ipv4Compat } = address.address.value;
  return [{ ip, port: portSpecifier?.$case === 'portValue' ? portSpecifier.value : 0, takesIpv4: ipv4Compat === true }];
}

function isAt(binding: Binding, { ip, port }: SocketAddress): boolean {
  return binding.port === port && isSameIp(binding.ip, ip);
}

/** `family` 0: any address of the same family; 1: any IPv6 address, where it takes IPv4 as well. */
function isForAny(binding: Binding, { ip, port }: SocketAddress, family: 0 | 1): boolean {
  if (binding.port !== port || !isUnspecified(binding.ip)) return false;
  const isSameFamily = parseIp(binding.ip)?.family === parseIp(ip)?.family;
  return family === 0 ? isSameFamily : !isSameFamily && binding.takesIpv4;
}

/** The other listeners of a port. */
function others(listeners: readonly Listener[], at: SocketAddress, chosen?: Listener): readonly Alternative[] {
  return listeners
    .filter((listener) => listener !== chosen)
    .flatMap((listener) => {
      const [binding] = bindings(listener).filter(({ port }) => port === at.port);
      if (binding === undefined) return [];
      const because = isUnspecified(binding.ip)
        ? chosen === undefined
          ? 'it is not bound to its port'
          : 'a listener of the address itself comes first'
        : `it is for the address ${binding.ip}`;
      return [{ name: listener.name ?? '', because }];
    });
}

function arrival(found: Found, { destination, interceptedAt }: Call): string {
  return interceptedAt === undefined
    ? `it is bound to ${bindingText(found, destination)}`
    : `connections to ${text(destination)} are intercepted at port ${interceptedAt.port}`;
}

function bindingText({ isWildcard }: Found, at: SocketAddress): string {
  return isWildcard ? `any address with port ${at.port}` : text(at);
}

function text({ ip, port }: SocketAddress): string {
  return formatAddress({ host: ip, port });
}
