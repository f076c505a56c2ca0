import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { problemLine } from '../../test/support/problem-line.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { endsItsLastLine, readText } from './text.ts';

describe('the text of a file', () => {
  function check(name: string, make: (path: string) => void, expected: string): void {
    it(name, (test) => {
      const path = tempFolder(test).at('a.yaml');
      make(path);
      const text = readText(path);
      assert.equal(typeof text === 'string' ? text : `${text.line} ${problemLine(text)}`, expected);
    });
  }
  const bytes =
    (...parts: readonly (string | number)[]) =>
    (path: string) =>
      writeFileSync(path, Buffer.concat(parts.map((part) => Buffer.from(typeof part === 'string' ? part : [part]))));

  check('is UTF-8', bytes('a: ü\n'), 'a: ü\n');
  check('is without the mark that some editors put before it', bytes(0xef, 0xbb, 0xbf, 'a: 1\n'), 'a: 1\n');
  check('may be empty', bytes(), '');
  check('may hold a character that stands for a broken one', bytes('a: \ufffd\n'), 'a: \ufffd\n');
  check(
    'is refused in Latin-1',
    bytes('a: 1\nb: ', 0xfc, '\n'),
    '2 error FW0001: expected text in UTF-8, found other bytes',
  );
  check(
    'is refused in UTF-16',
    (path) => writeFileSync(path, Buffer.from('\ufeffa: 1\n', 'utf16le')),
    '1 error FW0001: expected text in UTF-8, found UTF-16',
  );
  check(
    'is refused with a zero in it',
    bytes('a: 1\n\nb: ', 0, '\n'),
    '3 error FW0001: expected YAML, found the control character 0x00',
  );
  check(
    'is refused with an escape sequence in it',
    bytes('a: ', 0x1b, '[1m\n'),
    '1 error FW0001: expected YAML, found the control character 0x1b',
  );
  check('is refused when there is none', () => {}, 'undefined error FW0010: expected a readable file, found nothing');
  check(
    'is refused of a folder',
    (path) => mkdirSync(path),
    'undefined error FW0010: expected a readable file, found a folder',
  );
  check(
    'is refused of a link to nowhere',
    (path) => symlinkSync('nowhere', path),
    'undefined error FW0010: expected a readable file, found nothing',
  );
  check(
    'is refused of a link to itself',
    (path) => symlinkSync('a.yaml', path),
    'undefined error FW0010: expected a readable file, found a link that leads back to itself',
  );
  check(
    'is refused above 64 MiB',
    (path) => {
      writeFileSync(path, '');
      truncateSync(path, 64 * 1024 * 1024 + 1);
    },
    'undefined error FW0013: expected a file of at most 64 MiB, found 67108865 bytes',
  );
});

describe('the last line of a file', () => {
  function check(name: string, file: string, text: string, expected: boolean): void {
    it(name, (test) => {
      const folder = tempFolder(test);
      folder.write(file, text);
      assert.equal(endsItsLastLine(folder.at(file)), expected);
    });
  }

  check('has an end', 'a.yaml', 'a: 1\n', true);
  check('has none while it is being written', 'a.yaml', 'a: 1\nb: ', false);
  check('has none in an empty file', 'a.yaml', '', false);
  check('needs none in JSON that is closed', 'a.json', '{"a": [1]}', true);
  check('has none in JSON that is not closed', 'a.json', '{"a": [1', false);
});
