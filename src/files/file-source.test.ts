/** What is in force while files come, change and go. Faults of the file system have a file of their own. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { services, type WatchedFolder, watchedFolder } from '../../test/support/watched-folder.ts';

/** Each step changes the folder or lets time pass, and what it yields is in force then. */
function check(name: string, start: (folder: WatchedFolder) => void, ...steps: readonly Step[]): void {
  it(name, (test) => {
    const folder = watchedFolder(test);
    start(folder);
    folder.follow();
    for (const [change, expected] of steps) {
      change(folder);
      assert.deepEqual(folder.objects(), expected);
    }
    assert.deepEqual(folder.problems(), []);
  });
}

type Step = readonly [change: (folder: WatchedFolder) => void, objects: readonly string[]];
const a1 = 'Service shop/a 1';
const a2 = 'Service shop/a 2';
const b1 = 'Service shop/b 1';
const b2 = 'Service shop/b 2';
const c1 = 'Service shop/c 1';

const quiet: Step[0] = (folder) => folder.wait(50);
const confirmed: Step[0] = (folder) => folder.wait(520);

describe('the first list', () => {
  check(
    'holds the objects of all files',
    (folder) => {
      folder.write('a.yaml', services('a'));
      folder.write(
        'sub/b.json',
        '{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "b", "namespace": "shop"}}',
      );
    },
    [() => {}, [a1, 'Service shop/b']],
  );

  it('is complete at once when all paths are there, even when there are no files', (test) => {
    const folder = watchedFolder(test);
    folder.follow();
    assert.deepEqual([folder.isSynced(), folder.objects()], [true, []]);
  });

  it('is not complete before every path has been there', (test) => {
    const folder = watchedFolder(test);
    folder.write('here/a.yaml', services('a'));
    folder.follow('here', 'later');
    assert.deepEqual(
      [folder.isSynced(), folder.state(), folder.objects(), folder.problems()],
      [false, 'stale', [a1], ['later: expected a file or folder, found nothing; waiting for it [FW0010]']],
    );
    folder.write('later/b.yaml', services('b'));
    folder.wait(10);
    assert.deepEqual(
      [folder.isSynced(), folder.state(), folder.objects(), folder.problems()],
      [true, 'live', [a1, b1], []],
    );
  });

  it('is complete although a file cannot be read', (test) => {
    const folder = watchedFolder(test);
    folder.write('a.yaml', services('a'));
    folder.write('b.yaml', 'a: [\n');
    folder.follow();
    assert.deepEqual([folder.isSynced(), folder.objects()], [true, [a1]]);
  });
});

describe('a change', () => {
  const files = (folder: WatchedFolder) => {
    folder.write('a.yaml', services('a'));
    folder.write('b.yaml', services('b', 'c'));
  };

  check('is in force at once when another file takes the place', files, [
    (folder) => {
      folder.replace('a.yaml', services('a 2'));
      folder.wait(10);
    },
    [a2, b1, c1],
  ]);
  check(
    'is in force after a quiet moment when it is written in place',
    files,
    [
      (folder) => {
        folder.write('a.yaml', services('a 2'));
        folder.wait(10);
      },
      [a1, b1, c1],
    ],
    [quiet, [a2, b1, c1]],
  );
  check(
    'is in force after a quiet moment when a file is new',
    files,
    [
      (folder) => {
        folder.write('d.yaml', services('d'));
        folder.wait(10);
      },
      [a1, b1, c1],
    ],
    [quiet, [a1, b1, c1, 'Service shop/d 1']],
  );
  check(
    'that is still being written waits for the end of its last line',
    files,
    [
      (folder) => {
        folder.write('a.yaml', services('a 2').trimEnd());
        folder.wait(400);
      },
      [a1, b1, c1],
    ],
    [(folder) => folder.write('a.yaml', services('a 2')), [a1, b1, c1]],
    [quiet, [a2, b1, c1]],
  );
  check(
    'of a file whose last line never ends is in force in the end',
    files,
    [(folder) => folder.write('a.yaml', services('a 2').trimEnd()), [a1, b1, c1]],
    [confirmed, [a2, b1, c1]],
  );
  check(
    'that replaces a file by a half-written one waits too',
    files,
    [
      (folder) => {
        folder.replace('b.yaml', services('b 2', 'c').slice(0, 60));
        folder.wait(10);
      },
      [a1, b1, c1],
    ],
    [
      (folder) => {
        folder.write('b.yaml', services('b 2', 'c'));
        folder.wait(50);
      },
      [a1, b2, c1],
    ],
  );
});

describe('a removal', () => {
  const files = (folder: WatchedFolder) => {
    folder.write('a.yaml', services('a', 'b'));
    folder.write('sub/deeper/c.yaml', services('c'));
  };

  check(
    'of an object is in force when it has been confirmed',
    files,
    [
      (folder) => {
        folder.replace('a.yaml', services('a'));
        folder.wait(490);
      },
      [a1, b1, c1],
    ],
    [(folder) => folder.wait(30), [a1, c1]],
  );
  check(
    'of a file is in force when it has been confirmed',
    files,
    [
      (folder) => {
        folder.remove('a.yaml');
        folder.wait(490);
      },
      [a1, b1, c1],
    ],
    [(folder) => folder.wait(30), [c1]],
  );
  check('of a folder within a given path is one of its files', files, [
    (folder) => {
      folder.remove('sub');
      folder.wait(520);
    },
    [a1, b1],
  ]);
  check('of all files is one like any other', files, [
    (folder) => {
      folder.remove('sub');
      folder.remove('a.yaml');
      folder.wait(520);
    },
    [],
  ]);
  check('is meant when all of a file becomes a comment', files, [
    (folder) => {
      folder.replace('a.yaml', services('a', 'b').replace(/^(?=.)/gm, '# '));
      folder.wait(520);
    },
    [c1],
  ]);
  check(
    'that is taken back in time has not happened',
    files,
    [
      (folder) => {
        folder.remove('a.yaml');
        folder.wait(300);
        folder.write('a.yaml', services('a', 'b'));
        folder.wait(50);
      },
      [a1, b1, c1],
    ],
    [confirmed, [a1, b1, c1]],
  );
  check('is not put off by changes that go on in the same file', files, [
    (folder) => {
      for (let i = 2; i < 12; i++) {
        folder.replace('a.yaml', services(`a ${i}`));
        folder.wait(60);
      }
    },
    ['Service shop/a 11', c1],
  ]);
});

describe('what moves is never gone', () => {
  function checkNeverGone(name: string, move: (folder: WatchedFolder) => void): void {
    it(name, (test) => {
      const folder = watchedFolder(test);
      folder.write('a.yaml', services('a'));
      folder.write('sub/b.yaml', services('b'));
      folder.follow();
      folder.takeChanges();
      move(folder);
      for (let i = 0; i < 60; i++) {
        folder.wait(10);
        assert.deepEqual(folder.problems(), []);
      }
      assert.deepEqual(folder.objects(), [a1, b1]);
      assert.deepEqual(
        folder.takeChanges().filter((change) => change.startsWith('-')),
        [],
      );
    });
  }

  checkNeverGone('when a file gets a name that comes later', (folder) => folder.rename('a.yaml', 'z.yaml'));
  checkNeverGone('when a file gets a name that comes earlier', (folder) => folder.rename('a.yaml', '0.yaml'));
  checkNeverGone('when a folder gets another name', (folder) => folder.rename('sub', 'other'));
  checkNeverGone('when an object goes to an existing file', (folder) => {
    folder.replace('sub/b.yaml', services('b', 'a'));
    folder.replace('a.yaml', '# moved\n');
  });
  checkNeverGone('when an object goes to a file a little later', (folder) => {
    folder.replace('a.yaml', '# moved\n');
    folder.wait(400);
    folder.replace('sub/b.yaml', services('a', 'b'));
  });
  checkNeverGone('when documents change places', (folder) => {
    folder.replace('sub/b.yaml', services('a', 'b'));
    folder.remove('a.yaml');
    folder.wait(520);
    folder.replace('sub/b.yaml', services('b', 'a'));
  });
  checkNeverGone('when a file is written document by document', (folder) => {
    for (const text of ['', services('b'), services('b', 'a')]) {
      folder.write('a.yaml', text);
      folder.wait(200);
    }
    folder.replace('a.yaml', services('a'));
  });
  checkNeverGone('when an editor keeps a backup and writes anew', (folder) => {
    folder.rename('a.yaml', 'a.yaml~');
    folder.wait(20);
    folder.write('a.yaml', services('a'));
  });
});

describe('of two files that state one object', () => {
  it('the first by path counts, and the other is told', (test) => {
    const folder = watchedFolder(test);
    folder.write('b.yaml', services('a 2'));
    folder.follow();
    assert.deepEqual(folder.objects(), [a2]);
    folder.write('a.yaml', services('a 1'));
    folder.wait(50);
    const problem = (file: string, winner: string) =>
      `${file}:1: Service shop/a: expected one object of this name, found it at ${winner}:1 too, which is the one that counts [FW0011]`;
    assert.deepEqual([folder.objects(), folder.problems()], [[a1], [problem('b.yaml', 'a.yaml')]]);
    folder.remove('a.yaml');
    folder.wait(520);
    assert.deepEqual([folder.objects(), folder.problems()], [[a2], []]);
  });

  it('the first stays in force while it cannot be read', (test) => {
    const folder = watchedFolder(test);
    folder.write('a.yaml', services('a 1'));
    folder.write('b.yaml', services('a 2'));
    folder.follow();
    folder.replace('a.yaml', 'a: [\n');
    folder.wait(1000);
    assert.deepEqual(folder.objects(), [a1]);
  });
});

it('an unchanged object is not told again when its file is written again', (test) => {
  const folder = watchedFolder(test);
  folder.write('a.yaml', services('a', 'b'));
  folder.follow();
  folder.takeChanges();
  folder.replace('a.yaml', services('a', 'b 2'));
  folder.wait(600);
  assert.deepEqual(folder.takeChanges(), ['+ Service shop/b']);
});

it('a source that is stopped tells nothing more', (test) => {
  const folder = watchedFolder(test);
  folder.write('a.yaml', services('a'));
  folder.follow();
  folder.stop();
  folder.remove('a.yaml');
  folder.wait(1000);
  assert.deepEqual(folder.objects(), [a1]);
});
