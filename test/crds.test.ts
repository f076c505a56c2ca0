/**
 * The definitions of Istio's kinds: whole, structural, and of one mind with `fairway validate` about what has the right
 * form. test/kubernetes/ gives them to a real API server.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CustomResource, customResources } from '../src/config/custom-resources.ts';
import { type Kind, kinds } from '../src/config/kinds.ts';
import { customResourceDefinition, objectSchema } from '../src/crds/definition.ts';
import { formProblems } from './support/form-problems.ts';
import { nodesOf, refusals, structuralProblems } from './support/structural-schema.ts';
import {
  objectsOfDocuments,
  objectsOfProject,
  objectsOfReference,
  type WrittenObject,
} from './support/written-objects.ts';

const kindNames = Object.keys(kinds) as Kind[];

describe('the definitions', () => {
  it("have Istio's names and versions, the first of which is stored", () => {
    const table = customResources.map(({ kind, group, plural, shortNames, versions }: CustomResource) =>
      [group.split('.')[0], kind, plural, shortNames.join(), versions.join()].join(' '),
    );
    assert.deepEqual(table, [
      'networking VirtualService virtualservices vs v1,v1beta1,v1alpha3',
      'networking DestinationRule destinationrules dr v1,v1beta1,v1alpha3',
      'networking ServiceEntry serviceentries se v1,v1beta1,v1alpha3',
      'networking WorkloadEntry workloadentries we v1,v1beta1,v1alpha3',
      'networking Gateway gateways gw v1,v1beta1,v1alpha3',
      'networking Sidecar sidecars  v1,v1beta1,v1alpha3',
      'networking EnvoyFilter envoyfilters  v1alpha3',
      'networking WorkloadGroup workloadgroups wg v1,v1beta1,v1alpha3',
      'networking ProxyConfig proxyconfigs  v1beta1',
      'security PeerAuthentication peerauthentications pa v1,v1beta1',
      'security RequestAuthentication requestauthentications ra v1,v1beta1',
      'security AuthorizationPolicy authorizationpolicies ap v1,v1beta1',
      'telemetry Telemetry telemetries telemetry v1,v1alpha1',
      'extensions WasmPlugin wasmplugins  v1alpha1',
    ]);
  });

  it('say what they are in the form of Kubernetes', () => {
    const [resource] = customResources.filter(({ kind }) => kind === 'ServiceEntry');
    assert.ok(resource);
    const { spec, ...head } = customResourceDefinition(resource);
    const { versions, ...rest } = spec;
    assert.deepEqual(
      { ...head, ...rest },
      {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: {
          name: 'serviceentries.networking.istio.io',
          labels: { 'app.kubernetes.io/name': 'fairway' },
        },
        group: 'networking.istio.io',
        scope: 'Namespaced',
        names: {
          kind: 'ServiceEntry',
          listKind: 'ServiceEntryList',
          plural: 'serviceentries',
          singular: 'serviceentry',
          shortNames: ['se'],
          categories: ['istio-io', 'networking-istio-io'],
        },
        conversion: { strategy: 'None' },
      },
    );
    assert.deepEqual(
      (versions as readonly { readonly name: string; readonly served: boolean; readonly storage: boolean }[]).map(
        ({ name, served, storage }) => ({ name, served, storage }),
      ),
      [
        { name: 'v1', served: true, storage: true },
        { name: 'v1beta1', served: true, storage: false },
        { name: 'v1alpha3', served: true, storage: false },
      ],
    );
  });

  for (const kind of kindNames) {
    const schema = objectSchema(kind);

    it(`have a structural schema of ${kind}`, () => assert.deepEqual(structuralProblems(schema), []));

    it(`say of each field of ${kind} what it is for, in one sentence`, () => {
      const silent = nodesOf(schema).filter(
        ([path, { description }]) => !/(\[\]|\{\})$/.test(path) && !/^[A-Z0-9].*\.$/.test(description ?? ''),
      );
      assert.deepEqual(
        silent.map(([path]) => path),
        [],
      );
    });
  }
});

/** Objects of which one of the two thinks well and the other does not. */
function disputed(objects: readonly WrittenObject[]): readonly string[] {
  return objects.flatMap(({ kind, object: { value, origin } }) => {
    const stated = formProblems(kind, value.spec);
    const refused = refusals(objectSchema(kind), { spec: value.spec, status: value.status });
    if (stated.length > 0 === refused.length > 0) return [];
    return [`${origin.file}:${origin.line} ${kind}: ${[...stated, ...refused].join(', ')}`];
  });
}

describe('objects have the right form for an API server as for fairway validate:', () => {
  it('examples and inputs of tests', () => {
    const objects = objectsOfProject();
    assert.ok(objects.length > 100, `found ${objects.length} objects`);
    assert.deepEqual(disputed(objects), []);
  });
  it('examples in documents, many of which are wrong', () => {
    const objects = objectsOfDocuments();
    assert.ok(objects.length > 50, `found ${objects.length} objects`);
    assert.deepEqual(disputed(objects), []);
  });
  it("the reference's cases", () => assert.deepEqual(disputed(objectsOfReference()), []));
});
