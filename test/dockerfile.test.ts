/** The Dockerfile: what each of its instructions does comes to a program that runs. Docker itself is not needed. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { version } from '../src/cli/version.ts';
import { buildImage, type Image, valueOf } from './support/dockerfile.ts';
import { runFairway } from './support/run-fairway.ts';
import { type TempFolder, tempFolder } from './support/temp-folder.ts';

const dockerfile = readFileSync('Dockerfile', 'utf8');

interface Package {
  readonly files: readonly string[];
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const { files, dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Package;

describe('the image', () => {
  let clean = () => {};
  let folder: TempFolder;
  let image: Image;
  before(async () => {
    folder = tempFolder({ after: (cleanup) => (clean = cleanup) });
    const dockerignore = readFileSync('.dockerignore', 'utf8');
    image = await buildImage({ dockerfile, dockerignore, context: process.cwd(), folder: folder.path });
  });
  after(() => clean());

  const has = (path: string) => existsSync(join(image.folder, 'fairway', path));

  it('runs this version', async () => {
    assert.equal(await image.run(['--version']), `${version}\n`);
  });

  it('says of a mesh what the checkout says', async () => {
    const mesh = join(process.cwd(), 'examples', 'bookshop');
    const { stdout } = await runFairway(process.cwd(), ['analyze', 'examples/bookshop']);
    assert.equal(await image.run(['analyze', mesh]), stdout.replaceAll('examples/bookshop', mesh));
  });

  it('holds what package.json calls its files, its dependencies, and nothing that only developers need', () => {
    const wanted = [...files, ...Object.keys(dependencies).map((name) => `node_modules/${name}`)];
    assert.deepEqual(
      wanted.filter((path) => !has(path)),
      [],
    );
    const others = ['src', 'test', 'scripts', ...Object.keys(devDependencies).map((name) => `node_modules/${name}`)];
    assert.deepEqual(others.filter(has), []);
    assert.deepEqual(globSync('**/*.test.*', { cwd: join(image.folder, 'fairway', 'dist') }), []);
  });

  it('runs as nobody in particular', () => {
    assert.match(valueOf(image.instructions, 'USER'), /^[1-9]\d*:[1-9]\d*$/);
  });
});
