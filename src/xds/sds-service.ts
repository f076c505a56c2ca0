/**
 * The secret discovery service: secrets that lie at the proxy itself, for proxies without an agent that would hand them
 * out. What is answered follows from the name alone, so that no proxy need be known for it.
 */
import type { Log } from '../lib/log.ts';
import { fileSecretResource, refusedSecretResource } from '../resource/proxy-secrets.ts';
import { secretType } from '../resource/types.ts';
import type { Call, CallHandler, OpenCall } from './call.ts';
import { status } from './call.ts';
import { decodeSotwRequest } from './request.ts';
import { sotwResponse } from './response.ts';

const path = '/envoy.service.secret.v3.SecretDiscoveryService/StreamSecrets';

export interface SdsServiceOptions {
  readonly log: Log;
  /** Who answers, as istioctl reads it. */
  readonly controlPlane: string;
}

/** The methods to serve, by path. */
export function sdsMethods(options: SdsServiceOptions): ReadonlyMap<string, OpenCall> {
  return new Map([[path, (call) => open(call, options)]]);
}

function open(call: Call, { log, controlPlane }: SdsServiceOptions): CallHandler {
  let asked = '';
  let nonce = 0;
  let isWriting = false;
  return {
    message(bytes) {
      try {
        const { names, error } = decodeSotwRequest(bytes);
        if (error !== undefined && names.some((name) => fileSecretResource(name) !== undefined))
          log.warn('a proxy cannot use certificates of its own', { peer: call.peer, names, error });
        // An acknowledgement repeats the names; what they mean does not change.
        const wanted = [...names].sort().join('\n');
        if (wanted === asked) return;
        // Nobody asks again before the answer has arrived; who does so and does not read must not fill our memory.
        if (isWriting) return call.end(status.resourceExhausted, 'expected answers to be read before more is asked');
        asked = wanted;
        isWriting = true;
        nonce += 1;
        const resources = names.map((name) => fileSecretResource(name) ?? refusedSecretResource(name));
        call.send(
          sotwResponse({ typeUrl: secretType, nonce: String(nonce), version: '1', controlPlane }, resources),
          () => {
            isWriting = false;
          },
        );
      } catch (error) {
        call.end(status.invalidArgument, (error as Error).message);
      }
    },
    closed() {},
  };
}
