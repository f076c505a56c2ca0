/** What cannot be seen, or cannot be read, stays in force, and it is said what is wrong. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { services, type WatchedFolder, watchedFolder } from '../../test/support/watched-folder.ts';

/** Objects and problems after a fault has lasted for long, and objects after its repair, when there are no problems. */
function check(
  name: string,
  {
    fault,
    objects,
    problems,
    repair,
    repaired,
  }: {
    readonly fault: (folder: WatchedFolder) => void;
    readonly objects: readonly string[];
    readonly problems: readonly string[];
    readonly repair: (folder: WatchedFolder) => void;
    readonly repaired: readonly string[];
  },
): void {
  it(name, (test) => {
    const folder = watchedFolder(test);
    folder.write('mesh/a.yaml', services('a'));
    folder.write('mesh/rules/b.yaml', services('b', 'c'));
    folder.follow('mesh');
    assert.deepEqual(folder.objects(), [a1, b1, c1]);
    fault(folder);
    folder.wait(2000);
    assert.deepEqual({ objects: folder.objects(), problems: folder.problems() }, { objects, problems });
    repair(folder);
    folder.wait(2000);
    assert.deepEqual(
      { objects: folder.objects(), problems: folder.problems(), state: folder.state() },
      { objects: repaired, problems: [], state: 'live' },
    );
  });
}

const a1 = 'Service shop/a 1';
const b1 = 'Service shop/b 1';
const b2 = 'Service shop/b 2';
const c1 = 'Service shop/c 1';
const all = [a1, b1, c1];
const emptyFile =
  'mesh/rules/b.yaml: expected objects, found an empty file; objects it held before stay until the file is filled or deleted [FW0010]';
const lost = (found: string) =>
  `mesh: expected a file or folder, found ${found}; what it held stays in force until it is back [FW0010]`;

describe('a file that is broken keeps the objects it held', () => {
  check('when one of its documents is no YAML, and the others are used', {
    fault: (folder) => folder.replace('mesh/rules/b.yaml', `${services('b 2')}---\nkind: [\n`),
    objects: [a1, b2, c1],
    problems: [
      'mesh/rules/b.yaml:5: expected YAML, found Flow sequence in block collection must be sufficiently indented and end with a ] [FW0001]',
    ],
    repair: (folder) => folder.replace('mesh/rules/b.yaml', services('b 2')),
    repaired: [a1, b2],
  });
  check('when it is cut off', {
    fault: (folder) => folder.write('mesh/rules/b.yaml', services('b', 'c').slice(0, -12)),
    objects: all,
    problems: [
      'mesh/rules/b.yaml:7: expected YAML, found Flow map in block collection must be sufficiently indented and end with a } [FW0001]',
    ],
    repair: (folder) => folder.write('mesh/rules/b.yaml', services('b', 'c')),
    repaired: all,
  });
  check('when it is empty', {
    fault: (folder) => folder.write('mesh/rules/b.yaml', ''),
    objects: all,
    problems: [emptyFile],
    repair: (folder) => folder.remove('mesh/rules/b.yaml'),
    repaired: [a1],
  });
  check('when it is replaced by an empty one', {
    fault: (folder) => folder.replace('mesh/rules/b.yaml', ''),
    objects: all,
    problems: [emptyFile],
    repair: (folder) => folder.replace('mesh/rules/b.yaml', services('b')),
    repaired: [a1, b1],
  });
  check('when it is no text', {
    fault: (folder) => folder.replace('mesh/rules/b.yaml', '\u0000\u0001\n'),
    objects: all,
    problems: ['mesh/rules/b.yaml:1: expected YAML, found the control character 0x00 [FW0001]'],
    repair: (folder) => folder.replace('mesh/rules/b.yaml', services('b', 'c')),
    repaired: all,
  });
  check('when it becomes a link that leads nowhere', {
    fault: (folder) => folder.link('mesh/rules/b.yaml', 'nowhere.yaml'),
    objects: all,
    problems: [
      'mesh/rules/b.yaml: expected a file or folder, found a link that leads nowhere; what it held stays in force until it is back [FW0010]',
    ],
    repair: (folder) => folder.write('mesh/rules/nowhere.yaml', services('b 2')),
    repaired: [a1, b2],
  });
  check('when it becomes a link to itself', {
    fault: (folder) => folder.link('mesh/rules/b.yaml', 'b.yaml'),
    objects: all,
    problems: [
      'mesh/rules/b.yaml: expected a file or folder, found a link that leads back to itself; what it held stays in force until it is back [FW0010]',
    ],
    repair: (folder) => folder.remove('mesh/rules/b.yaml'),
    repaired: [a1],
  });
  check('but not when a folder takes its place: it is gone then', {
    fault: (folder) => {
      folder.remove('mesh/rules/b.yaml');
      folder.makeFolder('mesh/rules/b.yaml');
    },
    objects: [a1],
    problems: [],
    repair: (folder) => folder.write('mesh/rules/b.yaml/b.yaml', services('b')),
    repaired: [a1, b1],
  });
});

describe('a given folder that has vanished keeps all it held', () => {
  check('until it is back as it was', {
    fault: (folder) => folder.rename('mesh', 'away'),
    objects: all,
    problems: [lost('nothing')],
    repair: (folder) => folder.rename('away', 'mesh'),
    repaired: all,
  });
  check('until it is back with other files', {
    fault: (folder) => folder.remove('mesh'),
    objects: all,
    problems: [lost('nothing')],
    repair: (folder) => folder.write('mesh/new.yaml', services('b 2')),
    repaired: [b2],
  });
  check('also when it is empty after its return, as a volume that is not mounted', {
    fault: (folder) => {
      folder.remove('mesh');
      folder.makeFolder('mesh');
    },
    objects: all,
    problems: [lost('an empty folder where files were before')],
    repair: (folder) => folder.write('mesh/a.yaml', services('a')),
    repaired: [a1],
  });
  check('also when only the folder’s link leads nowhere', {
    fault: (folder) => {
      folder.remove('mesh');
      folder.link('mesh', 'nowhere');
    },
    objects: all,
    problems: [lost('nothing')],
    repair: (folder) => folder.write('nowhere/b.yaml', services('b')),
    repaired: [b1],
  });
  check('and what was broken in it is still told', {
    fault: (folder) => {
      folder.replace('mesh/a.yaml', 'a: [\n');
      folder.wait(100);
      folder.rename('mesh', 'away');
    },
    objects: all,
    problems: [
      'mesh/a.yaml:1: expected YAML, found Flow sequence in block collection must be sufficiently indented and end with a ] [FW0001]',
      lost('nothing'),
    ],
    repair: (folder) => {
      folder.rename('away', 'mesh');
      folder.replace('mesh/a.yaml', services('a'));
    },
    repaired: all,
  });
});

describe('a folder within a given one', () => {
  check('that is a link to itself keeps what it held, and the others go on', {
    fault: (folder) => {
      folder.remove('mesh/rules');
      folder.link('mesh/rules', 'rules');
      folder.replace('mesh/a.yaml', services('a 2'));
    },
    objects: ['Service shop/a 2', b1, c1],
    problems: [
      'mesh/rules: expected a file or folder, found a link that leads back to itself; what it held stays in force until it is back [FW0010]',
    ],
    repair: (folder) => {
      folder.remove('mesh/rules');
      folder.replace('mesh/a.yaml', services('a'));
    },
    repaired: [a1],
  });
});

it('a given file that has vanished keeps its objects', (test) => {
  const folder = watchedFolder(test);
  folder.write('a.yaml', services('a'));
  folder.follow('a.yaml');
  folder.remove('a.yaml');
  folder.wait(2000);
  assert.deepEqual(folder.objects(), [a1]);
  folder.write('a.yaml', services('a 2'));
  folder.wait(100);
  assert.deepEqual([folder.objects(), folder.problems()], [['Service shop/a 2'], []]);
});

describe('a mounted ConfigMap', () => {
  const mount = (folder: WatchedFolder) => {
    folder.write('mesh/..1/a.yaml', services('a', 'b'));
    folder.write('mesh/..1/b.yaml', services('c'));
    folder.link('mesh/..data', '..1');
    for (const file of ['a.yaml', 'b.yaml']) folder.link(`mesh/${file}`, `..data/${file}`);
    folder.follow('mesh');
  };

  it('changes in one step, and what is gone from it is removed', (test) => {
    const folder = watchedFolder(test);
    mount(folder);
    assert.deepEqual(folder.objects(), all);
    folder.write('mesh/..2/a.yaml', services('a', 'b 2'));
    folder.link('mesh/..data', '..2');
    folder.wait(10);
    // The kubelet removes the link of a key that is gone a moment later.
    assert.deepEqual(folder.objects(), [a1, b2, c1]);
    folder.remove('mesh/b.yaml');
    folder.remove('mesh/..1');
    folder.wait(520);
    assert.deepEqual([folder.objects(), folder.problems()], [[a1, b2], []]);
  });
});

it('a given path that is a link follows it to another folder', (test) => {
  const folder = watchedFolder(test);
  folder.write('releases/1/a.yaml', services('a', 'b'));
  folder.write('releases/2/a.yaml', services('a 2'));
  folder.link('current', 'releases/1');
  folder.follow('current');
  folder.link('current', 'releases/2');
  folder.wait(10);
  assert.deepEqual(folder.objects(), ['Service shop/a 2', b1]);
  folder.wait(520);
  assert.deepEqual(folder.objects(), ['Service shop/a 2']);
});
