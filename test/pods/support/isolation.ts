/**
 * Where pods are namespaces: a machine within the machine, with a network, mounts and processes of its own. Whatever runs there
 * ends with the test file, however that ends, and nothing of it is seen outside.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Isolation, isolated } from '../../support/network-namespace.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

/** Where the project lies for every user within: its own folder may lie in one that is root's alone. */
const visibleRoot = '/mnt/fairway';

const prepare = [
  'ip link set lo up',
  'mount -t tmpfs tmpfs /mnt',
  `mkdir ${visibleRoot}`,
  `mount --bind '${root}' ${visibleRoot}`,
  'exec "$0" "$@"',
].join(' && ');

/** A pod's proxy is known by its user, so there have to be users: root alone can have them. */
const isolation: Isolation = {
  unshare: ['--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child=SIGKILL'],
  prepare,
};

const proof = [
  'ip link add tried type bridge',
  'ip link add tried0 type veth peer name tried1',
  'setpriv --reuid 1337 --regid 1337 --clear-groups true',
  'nsenter --net=/proc/self/ns/net true',
].join(' && ');

/** Undefined where this user or machine cannot have such pods. */
export function findPodIsolation(): Isolation | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  const { status } = spawnSync('unshare', [...isolated(isolation, ['sh', '-c', proof])], { stdio: 'ignore' });
  return status === 0 ? isolation : undefined;
}

/** The path by which any user within sees a file of the project; other files are where they are. */
export function visible(path: string): string {
  return path.startsWith(`${root}/`) ? `${visibleRoot}${path.slice(root.length)}` : path;
}

/** A file of the project, named from its root. */
export const projectFile = (path: string): string => `${visibleRoot}/${path}`;
