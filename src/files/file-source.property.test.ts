/**
 * After any history of a folder: what is in force is what its files state, and nothing that they stated all along was ever
 * taken away.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { services, type WatchedFolder, watchedFolder } from '../../test/support/watched-folder.ts';

const files = ['a.yaml', 'b.yaml', 'sub/c.yaml', 'sub/d.yaml'] as const;
const names = ['x', 'y', 'z'] as const;

/** One thing that happens to the folder, and how long nothing happens after it. */
type Step =
  | {
      readonly kind: 'write' | 'replace' | 'spoil';
      readonly file: string;
      readonly objects: readonly string[];
      readonly waitMs: number;
    }
  | { readonly kind: 'remove' | 'empty'; readonly file: string; readonly waitMs: number }
  | { readonly kind: 'rename'; readonly file: string; readonly to: string; readonly waitMs: number };

const file = fc.constantFrom(...files);
const waitMs = fc.constantFrom(10, 50, 300, 600);
const objects = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...names), fc.integer({ min: 1, max: 9 })), { selector: ([name]) => name })
  .map((all) => all.map(([name, version]) => `${name} ${version}`));
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('write' as const, 'replace' as const, 'spoil' as const), file, objects, waitMs }),
  fc.record({ kind: fc.constantFrom('remove' as const, 'empty' as const), file, waitMs }),
  fc.record({ kind: fc.constant('rename' as const), file, to: file, waitMs }),
);

/** Another file states the object just before it would be removed, and is not read yet by then. */
const takenOverLate: readonly Step[] = [
  { kind: 'write', file: 'sub/d.yaml', objects: ['x 1'], waitMs: 600 },
  { kind: 'remove', file: 'sub/d.yaml', waitMs: 480 },
  { kind: 'write', file: 'a.yaml', objects: ['x 1'], waitMs: 600 },
];

/** What the files of a folder state: text by path, undefined for what cannot be read. */
class Stated {
  readonly #texts = new Map<string, readonly string[] | undefined>();

  /** Does the step to the folder as well, if it can be done. */
  take(folder: WatchedFolder, { kind, file: path, ...rest }: Step): void {
    if (kind === 'write' || kind === 'replace') {
      const { objects: all } = rest as { readonly objects: readonly string[] };
      folder[kind](path, all.length === 0 ? '# nothing\n' : services(...all));
      this.#texts.set(path, all);
    } else if (kind === 'spoil') {
      folder.write(path, 'kind: [\n');
      this.#texts.set(path, undefined);
    } else if (kind === 'empty') {
      folder.write(path, '');
      this.#texts.set(path, undefined);
    } else if (!this.#texts.has(path)) {
      return;
    } else if (kind === 'remove') {
      folder.remove(path);
      this.#texts.delete(path);
    } else {
      const { to } = rest as { readonly to: string };
      const text = this.#texts.get(path);
      folder.rename(path, to);
      this.#texts.delete(path);
      this.#texts.set(to, text);
    }
  }

  /** Makes every file readable that is not. */
  repair(folder: WatchedFolder): void {
    for (const [path, all] of this.#texts)
      if (all === undefined) this.take(folder, { kind: 'replace', file: path, objects: [], waitMs: 0 });
  }

  /** Objects by name that some file states now. */
  get names(): ReadonlySet<string> {
    return new Set([...this.#texts.values()].flatMap((all) => all ?? []).map((text) => text.split(' ')[0] ?? ''));
  }

  /** What is in force when nothing happens any more: of each name that of the first file. */
  get inForce(): readonly string[] {
    const winners = new Map<string, string>();
    for (const [, all] of [...this.#texts].sort(([a], [b]) => (a < b ? -1 : 1)))
      for (const text of all ?? []) {
        const [name = ''] = text.split(' ');
        if (!winners.has(name)) winners.set(name, `Service shop/${text}`);
      }
    return [...winners.values()].sort();
  }
}

it('after any history what is in force is what the files state, and nothing stated all along was ever gone', (test) => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 12 }), (steps) => {
      const folder = watchedFolder(test);
      folder.makeFolder('sub');
      folder.follow();
      const stated = new Stated();
      // Names that some file has stated since they came into force.
      let held = new Set<string>();
      const look = () => {
        const inForce = new Set(folder.objects().map((text) => text.split(/[/ ]/)[2] ?? ''));
        for (const name of held) assert.ok(inForce.has(name), `${name} is gone`);
        held = new Set([...stated.names].filter((name) => inForce.has(name)));
      };
      for (const one of steps) {
        stated.take(folder, one);
        held = new Set([...held].filter((name) => stated.names.has(name)));
        for (let passed = 0; passed < one.waitMs; passed += 10) {
          folder.wait(10);
          look();
        }
      }
      stated.repair(folder);
      // Most files gone together are looked for after five seconds.
      folder.wait(8000);
      assert.deepEqual([folder.objects(), folder.state()], [stated.inForce, 'live']);
    }),
    { numRuns: 60, examples: [[[...takenOverLate]]] },
  );
});
