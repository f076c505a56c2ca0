/** Servers of tests: what is told of one that fails, and that none outlives its test process. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startServer } from '../support/server.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const never = () => Promise.reject(new Error('nobody listens'));

describe('a server', () => {
  test('that ends before it is up rejects with its exit code and the end of its log', async (context) => {
    const logFile = tempFolder(context).at('log');
    const args = ['-c', 'echo cannot listen; exit 3'];
    const server = startServer({ name: 'shell', program: '/bin/sh', args, logFile });
    await assert.rejects(server.untilUp(never, 10_000), {
      message: 'expected shell to be up, but it ended with 3; the end of its log:\ncannot listen\n',
    });
  });

  test('that is not there rejects with why', async (context) => {
    const logFile = tempFolder(context).at('log');
    const server = startServer({ name: 'nothing', program: '/nonexistent', args: [], logFile });
    await assert.rejects(server.untilUp(never, 10_000), /expected nothing to be up, but it ended with spawn .*ENOENT/);
  });

  test('that does not come up rejects after a bounded time, and can be stopped', async (context) => {
    const logFile = tempFolder(context).at('log');
    const server = startServer({ name: 'sleeper', program: 'sleep', args: ['60'], logFile });
    await assert.rejects(server.untilUp(never, 100), /expected sleeper to be up, waited 100 ms/);
    await server.stop('SIGTERM');
    assert.equal(existsSync(`/proc/${server.pid}`), false);
  });

  test('ends when the process that started it is killed', async (context) => {
    const folder = tempFolder(context);
    const module = fileURLToPath(new URL('../support/server.ts', import.meta.url));
    const options = { name: 'sleeper', program: 'sleep', args: ['60'], logFile: folder.at('log') };
    const code = `
      const { startServer } = await import(${JSON.stringify(module)});
      console.log(startServer(${JSON.stringify(options)}).pid);
      setInterval(() => {}, 1000);`;
    const starter = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(starter.stdout, 'data');
    const place = `/proc/${String(line).trim()}`;
    assert.equal(existsSync(place), true);
    starter.kill('SIGKILL');
    await until(() => !existsSync(place), { what: 'the server to end' });
  });
});
