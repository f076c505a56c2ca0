/** The package as an outsider has it: packed, unpacked in another project, compiled against, tested with, and run. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, symlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { tempFolder } from '../support/temp-folder.ts';

const execute = promisify(execFile);
const root = resolve('.');

const config = {
  compilerOptions: {
    ...{ target: 'es2024', lib: ['es2024'], module: 'nodenext', types: ['node'], strict: true, outDir: 'dist' },
    ...{ exactOptionalPropertyTypes: true, skipLibCheck: false },
  },
  include: ['*.ts'],
};

const adapter = `
import { type CatalogService, type CreateCatalog, polledCatalog } from 'fairway/registry';

const web: CatalogService = {
  hostnames: ['web.test'],
  namespace: 'default',
  ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
  instances: [{ id: 'a', address: '10.0.0.1', ports: { http: 8080 } }],
};

export const createCatalog: CreateCatalog = (options) =>
  polledCatalog({ name: \`outside/\${options}\`, kind: 'OutsideService', intervalMs: 1000, read: async () => new Map([['web', web]]) });
`;

const proof = `
import { behaviours, catalogRows } from 'fairway/conformance';
import { createCatalog } from './adapter.js';

const log = { error() {}, warn() {}, info() {}, debug() {} };
const source = catalogRows(createCatalog('here', { log, domainSuffix: 'cluster.local', userAgent: 'test' }));
const stop = new AbortController();
const sink = {
  apply: (rows: readonly { readonly key: string }[]) => console.log(rows.map(({ key }) => key).join()),
  synced: () => stop.abort(),
  problems() {},
  freshness() {},
};
console.log(behaviours.length > 0);
await source.run(sink, stop.signal);
`;

describe('the package in a project of somebody else', () => {
  const folder = tempFolder({ after });
  const run = (program: string, args: readonly string[]) => execute(program, args, { cwd: folder.path });

  before(async () => {
    const npm = { ...process.env, npm_config_update_notifier: 'false' };
    await execute('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder.path], {
      cwd: root,
      env: npm,
    });
    const [archive = ''] = readdirSync(folder.path);
    folder.makeFolder('node_modules/fairway');
    await run('tar', ['-xzf', archive, '-C', 'node_modules/fairway', '--strip-components', '1']);
    // What npm would install beside it.
    symlinkSync(resolve('node_modules/@types'), folder.at('node_modules/@types'));
    symlinkSync(resolve('node_modules/undici-types'), folder.at('node_modules/undici-types'));
    symlinkSync(resolve('node_modules'), folder.at('node_modules/fairway/node_modules'));
    folder.write('package.json', JSON.stringify({ name: 'outside', type: 'module', exports: './dist/adapter.js' }));
    folder.write('tsconfig.json', JSON.stringify(config));
    folder.write('adapter.ts', adapter);
    folder.write('proof.ts', proof);
    await run(resolve('node_modules/.bin/tsc'), ['-p', '.']);
  });

  it('has types and code for an adapter and its proof', async () => {
    const { stdout } = await run(process.execPath, ['dist/proof.js']);
    assert.deepEqual(stdout.split('\n').slice(0, 2), [
      'true',
      ['web.test', 'web.test'].map((host) => `outside/here/default/web/${host}`).join(),
    ]);
  });

  it('lets nothing else be imported', async () => {
    folder.write('deep.mjs', "import 'fairway/dist/control-plane.js';\n");
    await assert.rejects(run(process.execPath, ['deep.mjs']), /ERR_PACKAGE_PATH_NOT_EXPORTED/);
  });

  it('runs an adapter out of node_modules', async () => {
    folder.makeFolder('node_modules/outside');
    folder.write('node_modules/outside/package.json', folder.read('package.json'));
    folder.write('node_modules/outside/dist/adapter.js', folder.read('dist/adapter.js'));
    const fairway = folder.at('node_modules/fairway/dist/main.js');
    const args = ['serve', '--registry', 'outside:here', '--registry', 'outside:here'];
    await assert.rejects(run(process.execPath, [fairway, ...args]), {
      stderr:
        'error: expected every catalog once, found outside/here several times\n(run with --help for all options)\n',
    });
  });
});
