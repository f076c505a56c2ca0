/** Where an outbound listener stands that is not for one address of one service. */
import type { Capture } from '../model/scope.ts';
import type { ListenerClaim } from './listener-claims.ts';

export interface ListenerPlace {
  /** An address or `unix:///path` that a Sidecar names; empty for the place that capture decides. */
  readonly bind: string;
  /** 0 for a Unix socket. */
  readonly port: number;
  /** Applications connect to it; else it takes connections that were captured on their way elsewhere. */
  readonly bindsToPort: boolean;
}

export const placeKey = ({ bind, port, bindsToPort }: ListenerPlace) => `${port} ${bind} ${bindsToPort}`;

export function isSocket(bind: string): boolean {
  return bind.startsWith('unix:');
}

/** The shared listener that a claim is on; undefined when its addresses have listeners of their own. */
export function sharedPlace(claim: ListenerClaim, { interception }: Capture): ListenerPlace | undefined {
  const { kind, addresses, blocks, port, bind = '', captureMode } = claim;
  const bindsToPort =
    isSocket(bind) || captureMode === 'NONE' || (captureMode === undefined && interception === 'NONE');
  const isShared = bindsToPort || bind !== '' || kind === 'http' || addresses.length === 0 || blocks.length > 0;
  return isShared ? { bind, port, bindsToPort } : undefined;
}

/** Each place once, by port and address. */
export function distinctPlaces(places: readonly ListenerPlace[]): readonly ListenerPlace[] {
  const byKey = new Map(places.map((place) => [placeKey(place), place]));
  return [...byKey.values()].sort((a, b) => a.port - b.port || (placeKey(a) < placeKey(b) ? -1 : 1));
}
