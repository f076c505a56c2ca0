import assert from 'node:assert/strict';
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { silent } from '../lib/log.ts';
import { openStateFolder, StateFolderError } from './state-folder.ts';

const log = silent;

describe('a folder for state', () => {
  it('is made, with folders in it, and can be had again when it was let go', (t) => {
    const path = join(tempFolder(t).path, 'var', 'state');
    const first = openStateFolder(path, { log });
    assert.equal(first.folder('objects'), join(path, 'objects'));
    first.close();
    assert.equal(existsSync(join(path, 'lock')), false);
    openStateFolder(path, { log }).close();
  });

  it('is nobody else’s while a process has it', (t) => {
    const { path } = tempFolder(t);
    const first = openStateFolder(path, { log });
    assert.throws(() => openStateFolder(path, { log }), {
      name: 'StateFolderError',
      message: `expected ${path} to be the folder of this process alone, found that process ${process.pid} on ${hostname()} has it: give each its own`,
    });
    first.close();
  });

  it('cannot be a file', (t) => {
    const folder = tempFolder(t);
    folder.write('state', '');
    assert.throws(
      () => openStateFolder(folder.at('state'), { log }),
      (error) =>
        error instanceof StateFolderError && /^expected a folder that can be written to, found /.test(error.message),
    );
  });

  function check(name: string, lock: string, ageMs: number, isFree: boolean): void {
    it(name, (t) => {
      const { path, at } = tempFolder(t);
      writeFileSync(at('lock'), lock);
      const then = (Date.now() - ageMs) / 1000;
      utimesSync(at('lock'), then, then);
      if (isFree) openStateFolder(path, { log }).close();
      else assert.throws(() => openStateFolder(path, { log }), StateFolderError);
      assert.equal(existsSync(at('lock')) && readFileSync(at('lock'), 'utf8') === lock, !isFree);
    });
  }
  const lockOf = (holder: object) => `${JSON.stringify(holder)}\n`;
  const never = 2 ** 22 + 1;
  check('is free when the process that had it is gone', lockOf({ pid: never, host: hostname() }), 0, true);
  check(
    'is free when another process bears the number of the one that had it',
    lockOf({ pid: process.ppid, host: hostname(), started: 'before/1' }),
    0,
    true,
  );
  check('is not free while the process that has it runs', lockOf({ pid: process.ppid, host: hostname() }), 0, false);
  check(
    'is not free while another machine keeps its lock fresh',
    lockOf({ pid: 1, host: 'other.test' }),
    20_000,
    false,
  );
  check('is free when another machine has stopped doing so', lockOf({ pid: 1, host: 'other.test' }), 40_000, true);
  check('is free when its lock was never written whole', '{"pid":', 0, true);
});
