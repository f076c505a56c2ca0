import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { services, type WatchedFolder, watchedFolder } from '../../test/support/watched-folder.ts';

/** A folder with files of one Service each, by name. */
function folderWith(test: TestContext, ...files: readonly string[]): WatchedFolder {
  const folder = watchedFolder(test);
  for (const name of files) folder.write(`${name}.yaml`, services(name));
  folder.follow();
  return folder;
}

const versions = (...names: readonly string[]) => names.map((name) => `Service shop/${name} 1`);

describe('files that are gone together', () => {
  it('stay for five seconds when they are most of a folder', (test) => {
    const folder = folderWith(test, 'a', 'b', 'c');
    folder.remove('a.yaml');
    folder.remove('b.yaml');
    folder.wait(4900);
    assert.deepEqual(folder.objects(), versions('a', 'b', 'c'));
    folder.wait(200);
    assert.deepEqual(folder.objects(), versions('c'));
  });

  it('stay when others follow before they are believed to be gone', (test) => {
    const folder = folderWith(test, 'a', 'b', 'c', 'd');
    folder.remove('a.yaml');
    folder.wait(300);
    folder.remove('b.yaml');
    folder.wait(100);
    folder.remove('c.yaml');
    folder.wait(4400);
    assert.deepEqual(folder.objects(), versions('a', 'b', 'c', 'd'));
    folder.wait(700);
    assert.deepEqual(folder.objects(), versions('d'));
  });

  it('are in force without a gap when they are back', (test) => {
    const folder = folderWith(test, 'a', 'b', 'c');
    folder.takeChanges();
    for (const name of ['a', 'b', 'c']) folder.remove(`${name}.yaml`);
    folder.wait(3000);
    for (const name of ['a', 'b', 'c']) folder.replace(`${name}.yaml`, services(name));
    folder.wait(8000);
    assert.deepEqual(
      folder.takeChanges().filter((change) => change.startsWith('-')),
      [],
    );
  });

  it('are believed to be gone after half a second when they are half of a folder, or one of two', (test) => {
    for (const files of [
      ['a', 'b', 'c', 'd'],
      ['a', 'b'],
    ]) {
      const folder = folderWith(test, ...files);
      const half = files.slice(0, files.length / 2);
      for (const name of half) folder.remove(`${name}.yaml`);
      folder.wait(600);
      assert.deepEqual(folder.objects(), versions(...files.slice(half.length)));
    }
  });
});
