import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { relative } from 'node:path';
import { describe, it } from 'node:test';
import { type TempFolder, tempFolder } from '../../test/support/temp-folder.ts';
import { isUnder, sameSignature, scan, signatureOf } from './scan.ts';

describe('the files that paths stand for', () => {
  function check(
    name: string,
    make: (folder: TempFolder) => readonly string[],
    expected: { readonly files: readonly string[]; readonly unseen?: { readonly [path: string]: string } },
  ): void {
    it(name, (test) => {
      const folder = tempFolder(test);
      const { files, unseen } = scan(make(folder).map((path) => folder.at(path)));
      const shorten = (path: string) => relative(folder.path, path);
      assert.deepEqual(
        {
          files: [...files.keys()].map(shorten),
          unseen: Object.fromEntries([...unseen].map(([path, found]) => [shorten(path), found])),
        },
        { unseen: {}, ...expected },
      );
    });
  }

  check(
    'are the manifests of a folder and its subfolders, sorted',
    (folder) => {
      for (const file of ['b.yml', 'a.yaml', 'sub/deeper/c.json', 'D.YAML']) folder.write(file, '');
      return ['.'];
    },
    { files: ['D.YAML', 'a.yaml', 'b.yml', 'sub/deeper/c.json'] },
  );
  check(
    'are not hidden files, files in hidden folders, backups, and files of other kinds',
    (folder) => {
      for (const file of ['.a.yaml', '.git/a.yaml', 'a.yaml~', '#a.yaml#', 'a.yaml.bak', '.a.yaml.swp', 'README.md'])
        folder.write(file, '');
      return ['.'];
    },
    { files: [] },
  );
  check(
    'are a file that the user names, whatever its name',
    (folder) => {
      folder.write('mesh.txt', '');
      folder.write('other.yaml', '');
      return ['mesh.txt'];
    },
    { files: ['mesh.txt'] },
  );
  check(
    'are those of a hidden folder that the user names',
    (folder) => {
      folder.write('.mesh/a.yaml', '');
      return ['.mesh'];
    },
    { files: ['.mesh/a.yaml'] },
  );
  check(
    'are found once when paths overlap',
    (folder) => {
      folder.write('mesh/a.yaml', '');
      folder.write('mesh/rules/b.yaml', '');
      return ['mesh/rules', 'mesh', 'mesh/a.yaml', 'mesh/../mesh'];
    },
    { files: ['mesh/rules/b.yaml', 'mesh/a.yaml'] },
  );
  check(
    'are found once when a link leads to them too',
    (folder) => {
      folder.write('mesh/a.yaml', '');
      folder.link('mesh/b.yaml', 'a.yaml');
      folder.link('again', 'mesh');
      return ['mesh', 'again'];
    },
    { files: ['mesh/a.yaml'] },
  );
  check(
    'are those that a mounted ConfigMap shows',
    (folder) => {
      folder.write('..2026/a.yaml', '');
      folder.link('..data', '..2026');
      folder.link('a.yaml', '..data/a.yaml');
      return ['.'];
    },
    { files: ['a.yaml'] },
  );
  check(
    'are found though a link leads back up',
    (folder) => {
      folder.write('mesh/a.yaml', '');
      folder.link('mesh/up', '..');
      return ['mesh'];
    },
    { files: ['mesh/a.yaml'] },
  );
  check(
    'are unknown where a path leads nowhere',
    (folder) => {
      folder.write('a.yaml', '');
      return ['a.yaml', 'gone', 'a.yaml/b'];
    },
    { files: ['a.yaml'], unseen: { gone: 'nothing', 'a.yaml/b': 'nothing' } },
  );
  check(
    'are unknown where a link leads nowhere or to itself, and the others are known',
    (folder) => {
      folder.write('a.yaml', '');
      folder.link('b.yaml', 'nowhere.yaml');
      folder.link('c.yaml', 'c.yaml');
      return ['.'];
    },
    {
      files: ['a.yaml'],
      unseen: { 'b.yaml': 'a link that leads nowhere', 'c.yaml': 'a link that leads back to itself' },
    },
  );
  check(
    'are not pipes',
    (folder) => {
      execFileSync('mkfifo', [folder.at('a.yaml')]);
      return ['.', 'a.yaml'];
    },
    { files: [], unseen: { 'a.yaml': 'something else' } },
  );
  check(
    'are none in a folder that is named like a manifest',
    (folder) => {
      folder.makeFolder('a.yaml');
      folder.write('b.yaml/c.yaml', '');
      return ['.'];
    },
    { files: ['b.yaml/c.yaml'] },
  );
});

it('the folders to watch are those of all files, and those around the given paths for their names alone', (test) => {
  const folder = tempFolder(test);
  folder.write('mesh/sub/a.yaml', '');
  folder.write('other.yaml', '');
  const { folders } = scan([folder.at('mesh'), folder.at('other.yaml')]);
  assert.deepEqual(
    folders.map(({ path, names }) => [relative(folder.path, path), names]),
    [
      ['mesh', undefined],
      ['mesh/sub', undefined],
      ['', ['mesh', 'other.yaml']],
    ],
  );
});

describe('the signature of a file', () => {
  function check(name: string, change: (folder: TempFolder) => void, expected: 'same' | 'another'): void {
    it(name, (test) => {
      const folder = tempFolder(test);
      folder.write('a.yaml', 'a: 1\n');
      const before = signatureOf(folder.at('a.yaml'));
      change(folder);
      assert.equal(sameSignature(signatureOf(folder.at('a.yaml')), before) ? 'same' : 'another', expected);
    });
  }

  check('stays while nothing happens', () => {}, 'same');
  check('stays when it is read', (folder) => folder.read('a.yaml'), 'same');
  check(
    'changes when it is replaced by one of the same content',
    (folder) => folder.replace('a.yaml', 'a: 1\n'),
    'another',
  );
  check('changes when it grows', (folder) => folder.write('a.yaml', 'a: 1\nb: 2\n'), 'another');
  check('is none when the file is gone', (folder) => folder.remove('a.yaml'), 'another');
});

describe('a path under others', () => {
  function check(name: string, path: string, roots: readonly string[], expected: boolean): void {
    it(name, () => assert.equal(isUnder(path, roots), expected));
  }

  check('is the path itself', 'rules', ['rules'], true);
  check('is one within it', 'rules/a.yaml', ['./rules/'], true);
  check('is one within the working folder', 'a.yaml', ['.'], true);
  check('is not one that only begins alike', 'rules-old/a.yaml', ['rules'], false);
  check('is not its parent', 'mesh', ['mesh/rules'], false);
  check('may begin with two dots', 'mesh/..data/a.yaml', ['mesh'], true);
});
