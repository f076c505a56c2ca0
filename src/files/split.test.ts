import assert from 'node:assert/strict';
import { it } from 'node:test';
import { splitDocuments } from './split.ts';

/** Each document as its line and its text. */
function check(name: string, text: string, expected: readonly (readonly [number, string])[]): void {
  it(name, () => {
    assert.deepEqual(
      splitDocuments(text).map((document) => [document.line, document.text]),
      expected,
    );
  });
}

check('a file without markers is one document', 'a: 1\nb: 2\n', [[1, 'a: 1\nb: 2\n\n']]);
check('a file without a last line end is one too', 'a: 1', [[1, 'a: 1\n']]);
check('a marker starts a document, whose line is the marker’s', '---\na: 1\n---\nb: 2\n', [
  [1, '   \na: 1\n'],
  [3, '   \nb: 2\n\n'],
]);
check('content may stand on the line of the marker', '--- {a: 1}\n--- {b: 2}\n', [
  [1, '    {a: 1}\n'],
  [2, '    {b: 2}\n\n'],
]);
check('a comment may stand on the line of the marker', '--- # first\na: 1\n', [[1, '    # first\na: 1\n\n']]);
check('an end marker ends a document, and another may follow it', 'a: 1\n...\nb: 2\n', [
  [1, 'a: 1\n'],
  [2, '\nb: 2\n\n'],
]);
check('a last end marker leaves nothing behind', 'a: 1\n...\n', [[1, 'a: 1\n']]);
check('what looks like a marker is content when it is longer', 'a: |\n  ---\n----\n', [[1, 'a: |\n  ---\n----\n\n']]);
check(
  'documents of nothing but blank lines and comments are left out',
  '# start\n---\n\n---\n# only this\n---\na: 1\n',
  [[6, '   \na: 1\n\n']],
);
check('directives before the first marker are left out', '%YAML 1.2\n# so\n---\na: 1\n', [[3, '   \na: 1\n\n']]);
check('a percent sign within a document is content', 'a: "x\n%b"\n', [[1, 'a: "x\n%b"\n\n']]);
check('lines may end as on Windows', '---\r\na: 1\r\n---\r\nb: 2\r\n', [
  [1, '   \na: 1\n'],
  [3, '   \nb: 2\n\n'],
]);
check('an empty file has no documents', '', []);
check('a file of markers alone has none', '---\n---\n...\n', []);
