/** What `fairway crds` prints, given to a real API server: it judges objects as `fairway validate` does, and explains every field. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import fc from 'fast-check';
import { customResources } from '../../src/config/custom-resources.ts';
import { type Kind, kinds } from '../../src/config/kinds.ts';
import { anyOf } from '../support/any-of-schema.ts';
import { formProblems } from '../support/form-problems.ts';
import { objectsOfDocuments, objectsOfProject, objectsOfReference } from '../support/written-objects.ts';
import { ApiError } from './support/api.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import { installDefinitions } from './support/definitions.ts';
import { describeWithKubernetes } from './support/suite.ts';

interface Definitions {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status: { readonly conditions: readonly { readonly type: string; readonly status: string }[] };
  }[];
}

interface Conditions {
  readonly status: { readonly conditions: readonly { readonly type: string; readonly status: string }[] };
}

const virtualService = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: default }
spec:
  hosts: [reviews]
  http: [{ route: [{ destination: { host: reviews } }] }]
`;
const virtualServicePath = '/apis/networking.istio.io/v1/namespaces/default/virtualservices/reviews';

describeWithKubernetes('a cluster with the definitions of fairway crds', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await startCluster();
    await installDefinitions(cluster);
    await cluster.kubectl(['apply', '-f', '-'], virtualService);
  });
  after(() => cluster.stop());

  /** What the server says against an object that is to be made; nothing is kept of it. */
  async function objection(kind: Kind, spec: unknown): Promise<string | undefined> {
    const { group, plural, versions } = customResources.find((resource) => resource.kind === kind) ?? assert.fail();
    const path = `/apis/${group}/${versions[0]}/namespaces/default/${plural}?dryRun=All&fieldValidation=Strict`;
    const metadata = { name: 'example' };
    try {
      await cluster.api('POST', path, { apiVersion: `${group}/${versions[0]}`, kind, metadata, spec });
      return undefined;
    } catch (error) {
      assert.ok(error instanceof ApiError && [400, 422].includes(error.status), String(error));
      return error.message;
    }
  }

  /** Specs of which the server and `fairway validate` think differently. */
  async function disputed(specs: readonly (readonly [kind: Kind, spec: unknown])[]): Promise<readonly string[]> {
    const found: string[] = [];
    for (const [kind, spec] of specs) {
      const said = await objection(kind, spec);
      const problems = formProblems(kind, spec);
      if ((said === undefined) !== (problems.length === 0))
        found.push(`${kind} ${JSON.stringify(spec)}: ${said} / ${problems.join(', ')}`);
    }
    return found;
  }

  it('has nothing to say against any of them', async () => {
    const { items } = await cluster.api<Definitions>('GET', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions');
    assert.deepEqual(
      items.map(({ metadata: { name }, status: { conditions } }) => [
        name,
        ...conditions.map(({ type, status }) => `${type} ${status}`).sort(),
      ]),
      customResources
        .map(({ plural, group }) => [`${plural}.${group}`, 'Established True', 'NamesAccepted True'])
        .sort(),
    );
  });

  it('explains fields', async () => {
    const said = await cluster.kubectl(['explain', 'virtualservice.spec.http.route.weight']);
    assert.match(said, /FIELD: weight <integer>/);
    assert.match(said, /The share of requests that go there, relative to the sum of all weights\./);
  });

  it('thinks of all objects that are written somewhere as fairway validate does', async () => {
    const objects = [...objectsOfProject(), ...objectsOfDocuments(), ...objectsOfReference()];
    assert.ok(objects.length > 150, `found ${objects.length} objects`);
    assert.deepEqual(await disputed(objects.map(({ kind, object: { value } }) => [kind, value.spec])), []);
  });

  it('thinks of any spec as fairway validate does', async () => {
    const specs = (Object.keys(kinds) as Kind[]).flatMap((kind) =>
      fc.sample(anyOf(kinds[kind].schema.json), { seed: 2, numRuns: 100 }).map((spec) => [kind, spec] as const),
    );
    assert.deepEqual(await disputed(specs), []);
  });

  it('takes the durations that fairway validate takes', async () => {
    const right = ['0', '0s', '5s', '1h1.5m', '-.5µs', '1.s', '250ms', '3us', '7ns', '1m30s'];
    const wrong = ['', '5', '5 s', '+1s', '1,5s', 's', '.s', '1d', '-0', '5s ', '5S', '5s\n'];
    const specs = [...right, ...wrong].map((timeout) => ['VirtualService', { http: [{ timeout }] }] as const);
    assert.deepEqual(await disputed(specs), []);
    assert.equal(specs.filter(([kind, spec]) => formProblems(kind, spec).length === 0).length, right.length);
  });

  for (const [name, http, expected] of [
    [
      'a number out of range',
      'retries: { attempts: 3000000000 }',
      /spec\.http\[0\]\.retries\.attempts: Invalid value: 3000000000/,
    ],
    [
      'a text for a number',
      'retries: { attempts: many }',
      /spec\.http\[0\]\.retries\.attempts: Invalid value: "string"/,
    ],
    ['a field that nobody knows', 'retry: {}', /unknown field "spec\.http\[0\]\.retry"/],
    [
      'fields that exclude each other',
      'match: [{ headers: { x-user: { exact: a, prefix: a } } }]',
      /spec\.http\[0\]\.match\[0\]\.headers\[x-user\]: Invalid value: "object": expected at most one of exact, prefix, regex/,
    ],
  ] as const)
    it(`refuses ${name}, and says where`, async () => {
      const wrong = virtualService.replace('{ route:', `{ ${http}, route:`);
      await assert.rejects(cluster.kubectl(['create', '--dry-run=server', '-f', '-'], wrong), expected);
    });

  it('gives an object in every version', async () => {
    const versions = ['v1', 'v1beta1', 'v1alpha3'];
    const specs = versions.map((version) =>
      cluster.api<{ spec: unknown }>('GET', virtualServicePath.replace('v1', version)),
    );
    const [first, ...others] = (await Promise.all(specs)).map(({ spec }) => spec);
    assert.deepEqual(others, [first, first]);
  });

  it('keeps the conditions of each writer of a status, and kubectl shows whether an object is accepted', async () => {
    const write = (writer: string, type: string) =>
      cluster.api(
        'PATCH',
        `${virtualServicePath}/status?fieldManager=${writer}`,
        {
          apiVersion: 'networking.istio.io/v1',
          kind: 'VirtualService',
          metadata: { name: 'reviews' },
          status: { observedGeneration: '1', conditions: [{ type, status: 'True', observedGeneration: 1 }] },
        },
        'application/apply-patch+yaml',
      );
    await write('istiod', 'Reconciled');
    await write('fairway', 'Accepted');
    const { status } = await cluster.api<Conditions>('GET', virtualServicePath);
    assert.deepEqual(
      status.conditions.map(({ type }) => type),
      ['Reconciled', 'Accepted'],
    );
    const [, row = ''] = (await cluster.kubectl(['get', 'vs'])).split('\n');
    assert.match(row, /^reviews +\["reviews"\] +True +\d+s$/);
  });
});
