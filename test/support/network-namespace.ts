/**
 * A test file that runs in a network namespace of its own, where addresses that are no loopback ones reach only itself: an API
 * server takes no loopback addresses for endpoints.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

/** All of it is this machine's, within the namespace. */
export const localSubnet = '10.128.0.0/9';

/** How a file's tests are kept apart from the machine. */
export interface Isolation {
  /** Options of unshare(1). */
  readonly unshare: readonly string[];
  /** What a shell runs within, before it becomes the command that it is given. */
  readonly prepare: string;
}

/** For all tests of a file, in milliseconds. */
const usualMs = 5 * 60_000;

const prepare = `ip link set lo up && ip address add ${localSubnet} dev lo && exec "$0" "$@"`;

/** Ways to ask for a namespace: anybody may where user namespaces are allowed, root may everywhere. */
const ways: readonly Isolation[] = [
  { unshare: ['--user', '--map-root-user', '--net'], prepare },
  { unshare: ['--net'], prepare },
];

export function isolated({ unshare, prepare }: Isolation, command: readonly string[]): readonly string[] {
  return [...unshare, 'sh', '-c', prepare, ...command];
}

/** The way that works on this machine; undefined when none does. */
export function findNetworkNamespaces(): Isolation | undefined {
  if (process.platform !== 'linux') return undefined;
  return ways.find((way) => spawnSync('unshare', [...isolated(way, ['true'])], { stdio: 'ignore' }).status === 0);
}

/** Runs the tests of a file, which no pattern of test files matches, within a namespace. */
export function testInNetworkNamespace(name: string, way: Isolation, file: URL, mostMs = usualMs): void {
  test(name, async (context) => {
    const command = [
      process.execPath,
      '--disable-warning=ExperimentalWarning',
      '--test-reporter=spec',
      fileURLToPath(file),
    ];
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const child = spawn('unshare', [...isolated(way, command)], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        output += chunk;
      });
    const timer = setTimeout(() => child.kill('SIGKILL'), mostMs);
    context.signal.addEventListener('abort', () => child.kill('SIGKILL'));
    const [code] = await once(child, 'close');
    clearTimeout(timer);
    assert.equal(code, 0, `the tests in the namespace failed:\n${output}`);
    const passed = /^ℹ pass (\d+)$/m.exec(output)?.[1] ?? '0';
    assert.notEqual(passed, '0', `expected tests in the namespace, found none:\n${output}`);
    context.diagnostic(`${passed} tests passed in the namespace`);
  });
}
