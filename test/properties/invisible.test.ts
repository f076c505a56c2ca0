/** What a proxy cannot see never changes a byte for it: objects that are not exported to it, hosts its Sidecar leaves out. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { destinationRule } from '../oracle/destination-rule.ts';
import { service } from '../oracle/kubernetes.ts';
import { namesFor } from '../oracle/names.ts';
import { anyObject, isValid } from '../oracle/objects.ts';
import { serviceEntry } from '../oracle/service-entry.ts';
import { namespaces } from '../oracle/universe.ts';
import { virtualService } from '../oracle/virtual-service.ts';
import { type Draft, draftKey } from '../support/draft.ts';
import { type Change, Plane } from '../support/plane.ts';
import { differences } from '../support/served.ts';
import { connect } from '../support/steps.ts';

/**
 * The same object, shown to its own namespace alone. Entries have a host of their own: endpoints that several objects of
 * one namespace state for one host are put together, as in Istio.
 */
function hidden(draft: Draft): Draft {
  const name = `hidden-${draft.name}`;
  if (draft.kind === 'Service')
    return { ...draft, name, annotations: { ...draft.annotations, 'networking.istio.io/exportTo': '.' } };
  const hosts = draft.kind === 'ServiceEntry' ? { hosts: ['hidden.ext.example'] } : {};
  const spec = { ...(draft.body.spec as object), ...hosts, exportTo: ['.'] };
  return { ...draft, name, body: { ...draft.body, spec } };
}

const exported = fc
  .oneof(service, serviceEntry, virtualService, destinationRule)
  .map(hidden)
  .filter((draft) => draft.namespace === 'b' && isValid(draft));

const seats = ['1', '2', '3', '4'] as const;
const sidecarOnly: Draft = {
  group: 'networking.istio.io',
  kind: 'Sidecar',
  namespace: 'a',
  name: 'of-its-own',
  createdAt: 0,
  line: 1,
  body: { spec: { workloadSelector: { labels: { app: 'y' } }, egress: [{ hosts: ['./*'] }] } },
};

function proxies(): readonly Change[] {
  return [
    ...namespaces
      .filter((namespace) => namespace !== 'b')
      .flatMap((namespace, i) => connect(namespace, { addresses: [`10.7.0.${i}`] }, seats[i])),
    ...connect('a', { addresses: ['10.7.0.9'], labels: { app: 'y' } }, '4'),
  ];
}

const put = (object: Draft) => ({ do: 'put', object }) as const;

describe('a proxy of another namespace', () => {
  it('is served the same bytes whether or not objects are there that are not exported to it', async () => {
    const mesh = fc.uniqueArray(anyObject, { minLength: 5, maxLength: 25, size: 'max', selector: draftKey });
    await fc.assert(
      fc.asyncProperty(mesh, fc.array(exported, { minLength: 1, maxLength: 3 }), async (objects, more) => {
        const plane = new Plane({ namesFor });
        plane.take([...objects.map(put), put(sidecarOnly), ...proxies()]);
        const before = seats.map((seat) => plane.served(seat));
        plane.take(more.map(put));
        const found = seats.flatMap((seat, i) => differences(plane.served(seat), before[i] ?? new Map()));
        assert.deepEqual(found, []);
        await setImmediate();
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  it('is served the same bytes whether or not objects are there that its Sidecar leaves out', async () => {
    // Rules may need destinations anywhere, which a Sidecar imports with them.
    const plain = anyObject.filter(({ kind }) => kind !== 'VirtualService' && kind !== 'Sidecar');
    const mesh = fc.uniqueArray(plain, { minLength: 5, maxLength: 25, size: 'max', selector: draftKey });
    const elsewhere = fc
      .oneof(service, serviceEntry, virtualService, destinationRule)
      .filter((draft) => draft.namespace === 'b' && isValid(draft))
      .map((draft) => ({ ...draft, name: `more-${draft.name}` }));
    await fc.assert(
      fc.asyncProperty(mesh, fc.array(elsewhere, { minLength: 1, maxLength: 3 }), async (objects, more) => {
        const plane = new Plane({ namesFor });
        plane.take([...objects.map(put), put(sidecarOnly), ...proxies()]);
        const before = plane.served('4');
        plane.take(more.map(put));
        assert.deepEqual(differences(plane.served('4'), before), []);
        await setImmediate();
      }),
      { seed: 1, numRuns: 60 },
    );
  });
});
