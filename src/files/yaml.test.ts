import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseYaml } from './yaml.ts';

const read = (text: string, line = 1) => parseYaml({ text, line });

describe('a document', () => {
  function check(name: string, text: string, value: unknown): void {
    it(name, () => {
      const document = read(text);
      assert.deepEqual('value' in document ? document.value : document, value);
    });
  }

  check('is plain objects, arrays and scalars', 'a: {b: [1, 1.5, true, null, x]}\n', {
    a: { b: [1, 1.5, true, null, 'x'] },
  });
  check('may be JSON, indented with tabs', '{\n\t"a": {\n\t\t"b": [1,\t2]\n\t}\n}\n', { a: { b: [1, 2] } });
  check('has no value when it is null', '~\n', undefined);
  check('has texts as keys, as in JSON', '1: a\ntrue: b\nnull: c\n', { 1: 'a', true: 'b', null: 'c' });
  check('keeps times as texts', 'a: 2026-01-31T12:00:00Z\n', { a: '2026-01-31T12:00:00Z' });
  check('takes yes and no for texts', 'a: yes\nb: off\n', { a: 'yes', b: 'off' });
  check('reads anchors and aliases', 'a: &x {b: 1}\nc: *x\n', { a: { b: 1 }, c: { b: 1 } });
  check('merges maps, the nearer key first', 'a: &x {b: 1, c: 1}\nd:\n  <<: *x\n  b: 2\n', {
    a: { b: 1, c: 1 },
    d: { b: 2, c: 1 },
  });
  check(
    'may hold a key that means something to JavaScript',
    '__proto__: {a: 1}\n',
    JSON.parse('{"__proto__": {"a": 1}}'),
  );
  check('keeps block texts as they are', 'a: |\n  --- x\n  y\n', { a: '--- x\ny\n' });
});

describe('a text that is no document', () => {
  function check(name: string, text: string, expected: string): void {
    it(name, () => {
      const error = read(text, 10);
      assert.equal('code' in error ? `${error.code} ${error.line}: ${error.message}` : 'a document', expected);
    });
  }

  check(
    'is refused with the line of a tab',
    'a:\n\tb: 1\n',
    'FW0001 11: expected YAML, found a tab where only spaces may indent',
  );
  check(
    'is refused with the key that comes twice',
    'a: 1\nb:\n  c: 1\n  "c": 2\n',
    'FW0001 13: expected YAML, found the key "c" a second time',
  );
  check(
    'is refused for a key that is a list',
    '? [a]\n: b\n',
    'FW0001 10: expected YAML, found a key that is a list or a map',
  );
  check(
    'is refused for an alias without an anchor',
    'a: 1\nb: [*x]\n',
    'FW0001 11: expected YAML, found *x without an anchor before it',
  );
  check(
    'is refused for an alias before its anchor',
    'a: *x\nb: &x 1\n',
    'FW0001 10: expected YAML, found *x without an anchor before it',
  );
  check(
    'is refused for a list that has no end',
    'a: [1,\n',
    'FW0001 10: expected YAML, found Flow sequence in block collection must be sufficiently indented and end with a ]',
  );
  check('is refused for a text that has no end', 'a: "x\n', 'FW0001 10: expected YAML, found Missing closing "quote');
  check(
    'is refused for an indent that fits nothing',
    'a:\n  b: 1\n c: 2\n',
    'FW0001 12: expected YAML, found All mapping items must start at the same column',
  );
});

describe('a document that is too much', () => {
  const levels = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}\n`;
  const tooDeep = 'expected a document of at most 100 levels, found a deeper one';
  function check(name: string, text: string, message: string): void {
    it(name, () => {
      assert.deepEqual(read(text, 10), { code: 'FW0013', line: 10, message });
    });
  }

  it('is not one of 100 levels', () => assert.ok('value' in read(levels(100))));
  check('is one of 101 levels', levels(101), tooDeep);
  check('is one that exhausts the reader’s stack', levels(50_000), tooDeep);
  check('is one of maps on one line', `${'{a: '.repeat(20_000)}${'}'.repeat(20_000)}\n`, tooDeep);
  check('is one of lists on one line', `${'- '.repeat(20_000)}a\n`, tooDeep);
  check('is one that contains itself', 'a: &a [*a]\n', tooDeep);
  check(
    'is one that says little and means billions',
    `a0: &a0 [x, x]\n${Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]\n`).join('')}`,
    'expected a document with at most 1000 aliases, found more',
  );
  check(
    'is one of thousands of aliases',
    Array.from({ length: 1001 }, (_, i) => `a${i}: &a${i} 1\nb${i}: *a${i}\n`).join(''),
    'expected a document with at most 1000 aliases, found more',
  );
  check(
    'is one whose aliases repeat a long list',
    `a: &a [${'1,'.repeat(10_000)}]\nb: [${'*a,'.repeat(200)}]\n`,
    'expected a document of at most 1000000 parts, found more once aliases are followed',
  );
  check(
    'is one of more than 4 MiB',
    `a: ${'x'.repeat(4 * 1024 * 1024)}\n`,
    'expected a document of at most 4 MiB (--- between objects makes several of one), found 4194308 characters',
  );
  it('takes no long time to find keys that come twice in a large map', () => {
    const text = Array.from({ length: 20_000 }, (_, i) => `k${i}: 1\n`).join('');
    assert.ok('code' in read(`${text}k7: 1\n`));
  });
});

describe('the line of a field', () => {
  const text = `kind: List
items:
- metadata:
    name: a
  spec:
    hosts: [a, b]
    http:
    - match:
      - uri: {prefix: /}
      route:
      - destination:
          host: a
`;
  function check(name: string, path: string, line: number): void {
    it(name, () => {
      const document = read(text, 101);
      assert.equal('root' in document ? document.root.lineOf(path) : undefined, line);
    });
  }

  check('is that of its key', 'items[0].spec.http[0].route[0].destination.host', 112);
  check('is that of the item in a list', 'items[0].spec.http[0].match[0]', 109);
  check('is that of the nearest part above it when it is not there', 'items[0].spec.http[0].route[1].weight', 110);
  check('is that of the document when nothing of it is there', 'status.addresses[0]', 101);
  check('is that of the document for the document', '', 101);
});
