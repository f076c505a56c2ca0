/** The documents: every link to something of ours leads somewhere. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { it } from 'node:test';

const documents = globSync('{*.md,docs/**/*.md}').sort();

/** Targets of links that are no addresses of other sites. */
function ownLinks(text: string): readonly string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target.replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target));
}

it('links lead to files that are there', () => {
  const broken = documents.flatMap((document) =>
    ownLinks(readFileSync(document, 'utf8'))
      .filter((target) => !existsSync(join(dirname(document), target)))
      .map((target) => `${document}: ${target}`),
  );
  assert.deepEqual(broken, []);
});

it('the documents that people look for are there', () => {
  const wanted = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs/ARCHITECTURE.md', 'docs/compatibility.md'];
  assert.deepEqual(
    wanted.filter((path) => !documents.includes(path)),
    [],
  );
});
