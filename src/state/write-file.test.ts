import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { describe, it } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { removeFile, writeFileWhole } from './write-file.ts';

describe('a file that is written whole', () => {
  it('takes the place of the one before it, for its owner alone', async (t) => {
    const folder = tempFolder(t);
    folder.write('state', 'before');
    await writeFileWhole(folder.at('state'), ['a\n', 'b\n'.repeat(100_000)]);
    assert.equal(folder.read('state'), `a\n${'b\n'.repeat(100_000)}`);
    assert.equal(statSync(folder.at('state')).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(folder.path), ['state']);
  });

  it('leaves the one before it when writing fails', async (t) => {
    const folder = tempFolder(t);
    folder.write('state', 'before');
    function* failing() {
      yield 'a'.repeat(100_000);
      throw new Error('no more');
    }
    await assert.rejects(writeFileWhole(folder.at('state'), failing()), { message: 'no more' });
    assert.equal(folder.read('state'), 'before');
    assert.deepEqual(readdirSync(folder.path), ['state']);
  });

  it('is gone when it is removed, which may be done again', async (t) => {
    const folder = tempFolder(t);
    folder.write('state', 'before');
    await removeFile(folder.at('state'));
    await removeFile(folder.at('state'));
    assert.deepEqual(readdirSync(folder.path), []);
  });
});
