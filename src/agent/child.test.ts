import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { until } from '../../test/support/until.ts';
import { isAlive } from '../../test/up/support/fairway.ts';
import { Child } from './child.ts';

/** A shell that has started another process, whose ids it writes down line by line. */
const parent = 'sleep 60 & echo $$ $! >> ids; wait';

function start(context: TestContext, script: string) {
  const folder = tempFolder(context);
  folder.write('ids', '');
  const ends: string[] = [];
  const child = new Child({
    program: '/bin/sh',
    args: ['-c', script],
    cwd: folder.path,
    env: process.env,
    onExit: (reason) => ends.push(reason),
  });
  context.after(() => child.stop(0));
  child.start();
  const runs = () =>
    folder
      .read('ids')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(' ').map(Number));
  const run = async (number: number) => {
    await until(() => runs().length >= number, { what: `run ${number} of the program` });
    return runs()[number - 1] ?? [];
  };
  return { child, ends, run };
}

const allEnd = (pids: readonly number[]) =>
  until(() => !pids.some(isAlive), { what: `the processes ${pids.join(', ')} to end` });

test('a program that ends is started again, and nothing is left of its last run', async (context) => {
  const { child, ends, run } = start(context, parent);
  const first = await run(1);
  assert.equal(child.pid, first[0]);
  process.kill(first[0] ?? 0, 'SIGKILL');
  await allEnd(first);
  const second = await run(2);
  assert.equal(child.pid, second[0]);
  assert.deepEqual(ends, ['SIGKILL']);
});

test('a program that is stopped ends with what it has started, and is not started again', async (context) => {
  const { child, ends, run } = start(context, parent);
  const pids = await run(1);
  await child.stop(5000);
  assert.equal(child.pid, undefined);
  await allEnd(pids);
  assert.deepEqual(ends, []);
});

test('a program that does not listen is ended when its time is over', async (context) => {
  const { child, run } = start(context, `trap '' TERM; ${parent}`);
  const pids = await run(1);
  await child.stop(50);
  await allEnd(pids);
});

for (const [how, end] of [
  ['process.exit', 'process.exit(7)'],
  ['an exception that nobody takes', 'throw new Error("a bug")'],
] as const)
  test(`${how} ends children, too`, async (context) => {
    const folder = tempFolder(context);
    folder.write('ids', '');
    const script = `
      import { readFileSync } from 'node:fs';
      import { Child } from ${JSON.stringify(new URL('./child.ts', import.meta.url).href)};
      new Child({ program: '/bin/sh', args: ['-c', ${JSON.stringify(parent)}], cwd: '.', env: process.env }).start();
      setInterval(() => { if (readFileSync('ids', 'utf8').endsWith('\\n')) { ${end}; } }, 5);`;
    const outer = spawn(process.execPath, ['--input-type=module', '-e', script], { cwd: folder.path, stdio: 'ignore' });
    const [code] = await once(outer, 'exit');
    assert.equal(code, end.startsWith('throw') ? 1 : 7);
    await allEnd(folder.read('ids').trim().split(' ').map(Number));
  });
