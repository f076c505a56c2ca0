/** Objects of every kind that shapes traffic, each free of errors. */
import fc from 'fast-check';
import { decodeConfig } from '../../src/config/decode.ts';
import { istioKind } from '../../src/config/kinds.ts';
import { type Draft, toObject } from '../support/draft.ts';
import { destinationRule } from './destination-rule.ts';
import { envoyFilter } from './envoy-filter.ts';
import { gateway, sidecar } from './gateway.ts';
import { endpointSlice, endpoints, namespaceObject, nodeObject, pod, service } from './kubernetes.ts';
import { secret } from './secret.ts';
import { serviceEntry, workloadEntry } from './service-entry.ts';
import { virtualService } from './virtual-service.ts';

/** An object with errors keeps its last good version, which a mesh built from scratch cannot know. */
export function isValid(draft: Draft): boolean {
  const kind = istioKind(draft);
  return kind === undefined || decodeConfig(kind, toObject(draft)).config !== undefined;
}

/** Some of what runs runs in another cluster. */
const anywhere = (object: fc.Arbitrary<Draft>): fc.Arbitrary<Draft> =>
  fc
    .tuple(object, fc.constantFrom(undefined, undefined, 'east'))
    .map(([draft, cluster]) => (cluster === undefined ? draft : { ...draft, cluster }));

export const anyObject: fc.Arbitrary<Draft> = fc
  .oneof(
    { weight: 5, arbitrary: anywhere(service) },
    { weight: 5, arbitrary: anywhere(endpointSlice) },
    { weight: 3, arbitrary: anywhere(pod) },
    { weight: 1, arbitrary: anywhere(nodeObject) },
    { weight: 1, arbitrary: anywhere(namespaceObject) },
    { weight: 1, arbitrary: anywhere(endpoints) },
    { weight: 2, arbitrary: secret },
    { weight: 8, arbitrary: virtualService },
    { weight: 6, arbitrary: destinationRule },
    { weight: 4, arbitrary: serviceEntry },
    { weight: 2, arbitrary: workloadEntry },
    { weight: 3, arbitrary: gateway },
    { weight: 2, arbitrary: secret },
    { weight: 2, arbitrary: sidecar },
    { weight: 2, arbitrary: envoyFilter },
  )
  .filter(isValid);
