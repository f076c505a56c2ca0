import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { problemLine } from '../../test/support/problem-line.ts';
import { FileParser } from './file.ts';

const service = (name: string) => `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: shop}\n`;

describe('what a file holds', () => {
  function check(
    name: string,
    text: string,
    expected: {
      readonly objects: readonly string[];
      readonly problems?: readonly string[];
      readonly isIncomplete?: true;
    },
  ): void {
    it(name, () => {
      const { objects, problems, isIncomplete } = new FileParser('mesh.yaml').parse(text);
      assert.deepEqual(
        {
          objects: [...objects.keys()],
          problems: problems.map((problem) => `${problem.line} ${problemLine(problem)}`),
          isIncomplete,
        },
        { problems: [], isIncomplete: false, ...expected },
      );
    });
  }

  check('is the objects of all documents', `${service('a')}---\n${service('b')}`, {
    objects: ['/Service/shop/a', '/Service/shop/b'],
  });
  check('is, of two objects of one name, the first', `${service('a')}---\n${service('a')}`, {
    objects: ['/Service/shop/a'],
    problems: [
      '5 warning FW0011: expected one object of this name, found it at mesh.yaml:1 too, which is the one that counts',
    ],
  });
  check('is incomplete when one document cannot be read', `${service('a')}---\na: [\n---\n${service('b')}`, {
    objects: ['/Service/shop/a', '/Service/shop/b'],
    problems: [
      '5 error FW0001: expected YAML, found Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    isIncomplete: true,
  });
  check('is unknown when there is nothing at all', '\n  \n', {
    objects: [],
    problems: [
      'undefined warning FW0010: expected objects, found an empty file; objects it held before stay until the file is filled or deleted',
    ],
    isIncomplete: true,
  });
  check('is unknown when there are markers alone', '---\n---\n', {
    objects: [],
    problems: [
      'undefined warning FW0010: expected objects, found an empty file; objects it held before stay until the file is filled or deleted',
    ],
    isIncomplete: true,
  });
  check('is no objects when all of it is a comment', '# kind: Service\n', { objects: [] });
  check('is no objects when it says so', 'apiVersion: v1\nkind: List\nitems: []\n', { objects: [] });
});

it('documents that have not changed are the same objects after the next read', () => {
  const parser = new FileParser('mesh.yaml');
  const before = parser.parse(`${service('a')}---\n${service('b')}`).objects;
  const after = parser.parse(`${service('a')}---\n${service('c')}`).objects;
  assert.equal(after.get('/Service/shop/a'), before.get('/Service/shop/a'));
  assert.deepEqual([...after.keys()], ['/Service/shop/a', '/Service/shop/c']);
});

it('a document that has moved is read again, since its lines are others', () => {
  const parser = new FileParser('mesh.yaml');
  parser.parse(service('a'));
  const [object] = parser.parse(`# new\n${service('a')}`).objects.values();
  assert.equal(object?.lineOf?.('metadata.name'), 4);
});
