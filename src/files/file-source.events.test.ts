/** Changes are found by the events of the file system, long before all files are compared again. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { recordingSink } from '../../test/support/recording-sink.ts';
import { type TempFolder, tempFolder } from '../../test/support/temp-folder.ts';
import { until } from '../../test/support/until.ts';
import { services } from '../../test/support/watched-folder.ts';
import { silent } from '../lib/log.ts';
import { fileSource } from './file-source.ts';

/** Each step changes the folder, and what follows from it is in force soon. */
function check(
  name: string,
  path: string,
  start: (folder: TempFolder) => void,
  ...steps: readonly (readonly [change: (folder: TempFolder) => void, objects: readonly string[]])[]
): void {
  it(name, async (test) => {
    const folder = tempFolder(test);
    start(folder);
    const sink = recordingSink();
    const stop = new AbortController();
    test.after(() => stop.abort());
    const source = fileSource({ paths: [folder.at(path)], log: silent, quietMs: 5, confirmMs: 40, rescanMs: 600_000 });
    const end = source.run(sink, stop.signal);
    for (const [change, expected] of steps) {
      change(folder);
      const isThere = () => sink.objects('version').join() === expected.join();
      await until(isThere, { what: `${expected.join()} after the change` });
    }
    stop.abort();
    await end;
    assert.deepEqual(sink.current(), []);
  });
}

const a1 = 'Service shop/a 1';
const a2 = 'Service shop/a 2';
const b1 = 'Service shop/b 1';
const start = (folder: TempFolder) => folder.write('mesh/a.yaml', services('a'));

check('a file that is replaced', 'mesh', start, [(folder) => folder.replace('mesh/a.yaml', services('a 2')), [a2]]);
check('a file that is written in place', 'mesh', start, [
  (folder) => folder.write('mesh/a.yaml', services('a 2')),
  [a2],
]);
check(
  'a file that comes and goes',
  'mesh',
  start,
  [(folder) => folder.write('mesh/b.yaml', services('b')), [a1, b1]],
  [(folder) => folder.remove('mesh/a.yaml'), [b1]],
);
check(
  'a folder that comes, changes and goes',
  'mesh',
  start,
  [(folder) => folder.write('mesh/new/deeper/b.yaml', services('b')), [a1, b1]],
  [(folder) => folder.replace('mesh/new/deeper/b.yaml', services('b', 'a 2')), [a1, b1]],
  [(folder) => folder.remove('mesh/a.yaml'), [a2, b1]],
  [(folder) => folder.rename('mesh/new', 'mesh/newer'), [a2, b1]],
  [(folder) => folder.remove('mesh/newer/deeper/b.yaml'), []],
);
check(
  'a given folder that comes late',
  'mesh',
  () => {},
  [start, [a1]],
  [(folder) => folder.replace('mesh/a.yaml', services('a 2')), [a2]],
);
check(
  'a given folder whose place another takes',
  'mesh',
  start,
  [
    (folder) => {
      folder.write('other/a.yaml', services('a 2'));
      folder.rename('mesh', 'old');
      folder.rename('other', 'mesh');
    },
    [a2],
  ],
  [(folder) => folder.write('mesh/b.yaml', services('b')), [a2, b1]],
);
check(
  'a given link that leads elsewhere',
  'current',
  (folder) => {
    folder.write('1/a.yaml', services('a'));
    folder.write('2/a.yaml', services('a 2'));
    folder.link('current', '1');
  },
  [(folder) => folder.link('current', '2'), [a2]],
  [(folder) => folder.write('2/b.yaml', services('b')), [a2, b1]],
);
check(
  'a given file that is replaced, goes and comes back',
  'mesh/a.yaml',
  start,
  [(folder) => folder.replace('mesh/a.yaml', services('a 2')), [a2]],
  [
    (folder) => {
      folder.remove('mesh/a.yaml');
      folder.write('mesh/a.yaml', services('b'));
    },
    [b1],
  ],
);
check(
  'a mounted ConfigMap that is swapped',
  'mesh',
  (folder) => {
    folder.write('mesh/..1/a.yaml', services('a'));
    folder.link('mesh/..data', '..1');
    folder.link('mesh/a.yaml', '..data/a.yaml');
  },
  [
    (folder) => {
      folder.write('mesh/..2/a.yaml', services('a 2'));
      folder.link('mesh/..data', '..2');
    },
    [a2],
  ],
);
check(
  'a given file of a mounted ConfigMap that is swapped',
  'mesh/a.yaml',
  (folder) => {
    folder.write('mesh/..1/a.yaml', services('a'));
    folder.link('mesh/..data', '..1');
    folder.link('mesh/a.yaml', '..data/a.yaml');
  },
  [
    (folder) => {
      folder.write('mesh/..2/a.yaml', services('a 2'));
      folder.link('mesh/..data', '..2');
    },
    [a2],
  ],
);
check('a hundred files that come at once', 'mesh', start, [
  (folder) => {
    for (let i = 100; i < 200; i++) folder.write(`mesh/${i}.yaml`, services(`s${i}`));
  },
  [a1, ...Array.from({ length: 100 }, (_, i) => `Service shop/s${i + 100} 1`)],
]);
