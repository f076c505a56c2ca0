import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { problemLine } from '../../test/support/problem-line.ts';
import type { KubernetesObject } from '../model/kubernetes-object.ts';
import { parseDocumentText } from './parse.ts';

const parse = (text: string) => parseDocumentText({ text, line: 11 }, 'mesh.yaml');

/** The object's name in full, as a path. */
const nameOf = ({ group, version, kind, namespace, name }: KubernetesObject) =>
  [group, version, kind, namespace, name].join('/');

describe('the objects of a document', () => {
  function check(name: string, text: string, objects: readonly string[]): void {
    it(name, () => {
      const parsed = parse(text);
      assert.deepEqual(
        { ...parsed, objects: parsed.objects.map(nameOf) },
        { objects, problems: [], isIncomplete: false },
      );
    });
  }

  check(
    'are one with group, version, kind, namespace and name',
    'apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: a, namespace: shop}\n',
    ['networking.istio.io/v1/Gateway/shop/a'],
  );
  check(
    'have no group in the core of Kubernetes',
    'apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: shop}\n',
    ['/v1/Service/shop/a'],
  );
  check('are in the namespace default when they name none', 'apiVersion: v1\nkind: Service\nmetadata: {name: a}\n', [
    '/v1/Service/default/a',
  ]);
  check(
    'are in the namespace default when they name an empty one',
    'apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: ""}\n',
    ['/v1/Service/default/a'],
  );
  check(
    'have no namespace where their kind has none',
    'apiVersion: v1\nkind: Node\nmetadata: {name: a, namespace: shop}\n',
    ['/v1/Node//a'],
  );
  check(
    'are those of a List',
    'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: a}}\n- {apiVersion: v1, kind: Pod, metadata: {name: b}}\n',
    ['/v1/Service/default/a', '/v1/Pod/default/b'],
  );
  check(
    'are those of a List within a List',
    'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List\n  items:\n  - {apiVersion: v1, kind: Service, metadata: {name: a}}\n',
    ['/v1/Service/default/a'],
  );
  check(
    'are those of an answer of an API server, which names the kind once',
    '{"apiVersion": "v1", "kind": "ServiceList", "metadata": {"resourceVersion": "1"}, "items": [{"metadata": {"name": "a"}}]}',
    ['/v1/Service/default/a'],
  );
  check('are none in an empty List', 'apiVersion: v1\nkind: List\nitems: []\n', []);
  check('are none in a List without items', 'apiVersion: v1\nkind: List\n', []);
  check(
    'may be of a kind whose own name ends in List',
    'apiVersion: acme.io/v1\nkind: AllowList\nmetadata: {name: a}\nitems: [x]\n',
    ['acme.io/v1/AllowList/default/a'],
  );
  check('are none in a document without content', '# nothing\n', []);
});

describe('a document that holds no usable object', () => {
  function check(name: string, text: string, expected: string): void {
    it(name, () => {
      const { objects, problems, isIncomplete } = parse(text);
      assert.deepEqual(
        {
          objects,
          isIncomplete,
          problems: problems.map((problem) => `${problem.file}:${problem.line} ${problemLine(problem)}`),
        },
        { objects: [], isIncomplete: true, problems: [expected] },
      );
    });
  }

  check(
    'is no YAML',
    'a: [\n',
    'mesh.yaml:11 error FW0001: expected YAML, found Flow sequence in block collection must be sufficiently indented and end with a ]',
  );
  check('is a text', 'hello\n', 'mesh.yaml:11 error FW0008: expected a Kubernetes object, found "hello"');
  check('is a list', '\n- a\n', 'mesh.yaml:12 error FW0008: expected a Kubernetes object, found a list');
  check(
    'has no apiVersion',
    'kind: Service\nmetadata: {name: a}\n',
    'mesh.yaml:11 error FW0008: expected a text in apiVersion, found nothing',
  );
  check(
    'has a number for an apiVersion',
    'apiVersion: 1\nkind: Service\nmetadata: {name: a}\n',
    'mesh.yaml:11 error FW0008: expected a text in apiVersion, found 1',
  );
  check(
    'has no kind',
    'apiVersion: v1\nmetadata: {name: a}\n',
    'mesh.yaml:11 error FW0008: expected a text in kind, found nothing',
  );
  check(
    'has no metadata',
    'apiVersion: v1\nkind: Service\n',
    'mesh.yaml:11 error FW0008: expected metadata of the Service, found nothing',
  );
  check(
    'has no name',
    'apiVersion: v1\nkind: Service\nmetadata: {namespace: a}\n',
    'mesh.yaml:11 error FW0008: expected a name in metadata.name of the Service, found nothing',
  );
  check(
    'has a number for a name',
    'apiVersion: v1\nkind: Service\nmetadata: {name: 1}\n',
    'mesh.yaml:11 error FW0008: expected a name in metadata.name of the Service, found 1',
  );
  check(
    'has a path for a name',
    'apiVersion: v1\nkind: Service\nmetadata: {name: a/b}\n',
    'mesh.yaml:11 error FW0008: expected a name in metadata.name of the Service, found "a/b"',
  );
  check(
    'has a list for a namespace',
    'apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: [b]}\n',
    'mesh.yaml:11 error FW0008: expected a name in metadata.namespace of the Service, found a list',
  );
  check(
    'has items that are no list',
    'apiVersion: v1\nkind: List\nitems: {a: b}\n',
    'mesh.yaml:11 error FW0008: expected a list in items, found an object',
  );
});

it('of a List with one wrong item the others are used, and it is said where the wrong one stands', () => {
  const { objects, problems, isIncomplete } = parse(`apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Service
  metadata: {name: a}
- apiVersion: v1
  kind: Service
`);
  assert.deepEqual(objects.map(nameOf), ['/v1/Service/default/a']);
  assert.deepEqual(problems, [
    {
      code: 'FW0008',
      severity: 'error',
      path: '',
      message: 'expected metadata of the Service, found nothing',
      file: 'mesh.yaml',
      line: 17,
    },
  ]);
  assert.equal(isIncomplete, true);
});

describe('the age of an object', () => {
  function check(
    name: string,
    creationTimestamp: string,
    expected: { readonly createdAt: number; readonly problems: readonly string[] },
  ): void {
    it(name, () => {
      const { objects, problems } = parse(
        `apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  creationTimestamp: ${creationTimestamp}\n`,
      );
      assert.deepEqual(
        {
          createdAt: objects[0]?.createdAt,
          problems: problems.map((problem) => `${problem.line} ${problemLine(problem)}`),
        },
        expected,
      );
    });
  }

  check('is that of its creationTimestamp', '2026-01-31T12:00:00Z', {
    createdAt: Date.UTC(2026, 0, 31, 12),
    problems: [],
  });
  check('is that of one in quotes', '"2026-01-31T12:00:00Z"', { createdAt: Date.UTC(2026, 0, 31, 12), problems: [] });
  check('is unknown when it is null, as kubectl writes it', 'null', { createdAt: 0, problems: [] });
  check('is unknown, with a warning, when it is no time', 'yesterday', {
    createdAt: 0,
    problems: [
      '15 warning FW0004 metadata.creationTimestamp: expected a time such as 2026-01-31T12:00:00Z, found "yesterday"; its age is unknown',
    ],
  });
});

it('labels and annotations written as numbers and booleans count as their text', () => {
  const [object] = parse(
    'apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {version: 1, canary: true, x: null}, annotations: {n: 1.5}}\n',
  ).objects;
  assert.deepEqual([object?.labels, object?.annotations], [{ version: '1', canary: 'true' }, { n: '1.5' }]);
});

it('an object knows the lines of the parts that explanations point to', () => {
  const [object] = parse(`apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: shop}
spec:
  hosts: [a]
  http:
  - match:
    - uri: {exact: /}
    route:
    - destination: {host: a}
  - route:
    - destination: {host: b}
`).objects;
  assert.deepEqual(object?.origin, {
    kind: 'VirtualService',
    namespace: 'shop',
    name: 'a',
    file: 'mesh.yaml',
    line: 11,
    lines: {
      'spec.http[0]': 17,
      'spec.http[0].match[0]': 18,
      'spec.http[0].route[0]': 20,
      'spec.http[1]': 21,
      'spec.http[1].route[0]': 22,
    },
  });
  assert.equal(object?.lineOf?.('spec.http[1].route[0].destination.host'), 22);
});

it('an object in a List finds its lines in the List', () => {
  const [, second] = parse(`apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Service
  metadata: {name: a}
- apiVersion: v1
  kind: Service
  metadata:
    name: b
`).objects;
  assert.deepEqual([second?.origin.line, second?.lineOf?.('metadata.name')], [17, 20]);
});
