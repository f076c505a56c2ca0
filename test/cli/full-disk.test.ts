/** Standard output that takes nothing more: one line says so, and the exit code. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { it } from 'node:test';
import { fairwayProgram } from '../support/run-fairway.ts';

it('a full disk is one line and exit code 1', async () => {
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', fairwayProgram, 'crds'], {
    stdio: ['ignore', full, 'pipe'],
  });
  assert(child.stderr !== null);
  const [stderr, [exitCode]] = await Promise.all([text(child.stderr), once(child, 'close')]);
  assert.deepEqual(
    { exitCode, stderr },
    {
      exitCode: 1,
      stderr: 'fairway: expected to write to standard output, found ENOSPC: no space left on device, write\n',
    },
  );
});
