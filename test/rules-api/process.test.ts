/** The API of the program as people run it. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { it } from 'node:test';
import { issue } from '../support/certificates.ts';
import { runFairway } from '../support/run-fairway.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { rule, rules } from './support/api.ts';
import { serve } from './support/process.ts';

it('no object that was acknowledged is lost when the process is killed amid others', async (test) => {
  const folder = tempFolder(test);
  const acknowledged = new Map<string, number>();
  for (let life = 1; life <= 3; life++) {
    const fairway = await serve(test, folder);
    const names = Array.from({ length: 8 }, (_, i) => `r${i}`);
    const writing = names.map(async (name) => {
      for (let round = 0; ; round++) {
        const status = 200 + ((life * 100 + round) % 400);
        const reply = await fairway.ask('PUT', `${rules}/${name}`, rule(name, status)).catch(() => undefined);
        if (reply === undefined) return;
        assert.ok(reply.status === 200 || reply.status === 201, reply.body);
        acknowledged.set(name, status);
        if (acknowledged.size === names.length && round === 5) void fairway.end('SIGKILL');
      }
    });
    await Promise.all(writing);
    const next = await serve(test, folder);
    const { items } = JSON.parse((await next.ask('GET', rules)).body) as {
      readonly items: readonly {
        readonly metadata: { readonly name: string };
        readonly spec: { readonly http: readonly { readonly directResponse: { readonly status: number } }[] };
      }[];
    };
    const kept = new Map(items.map(({ metadata, spec }) => [metadata.name, spec.http[0]?.directResponse.status ?? 0]));
    // A change whose acknowledgement did not arrive may be kept or not; it is the next one of its object.
    const lost = [...acknowledged].filter(
      ([name, status]) => kept.get(name) !== status && kept.get(name) !== 200 + ((status - 200 + 1) % 400),
    );
    assert.deepEqual(lost, []);
    assert.doesNotMatch(next.log(), /FW3152/);
    await next.end('SIGTERM');
  }
  assert.deepEqual(
    readdirSync(folder.at('state/objects')).filter((name) => !name.endsWith('.json')),
    [],
  );
});

it('rules over HTTP lie over those of files, and pages tell where the ones in force stand', async (test) => {
  const folder = tempFolder(test);
  folder.write('rules.yaml', `${rule('a')}---\n${rule('b')}`);
  const fairway = await serve(test, folder, ['--config', 'rules.yaml']);
  const page = async (path: string) =>
    (await fetch(`http://127.0.0.1:${fairway.httpPort}${path}`)).json() as Promise<
      readonly { readonly file?: string; readonly message?: string; readonly metadata?: { readonly name: string } }[]
    >;
  const inForce = async () => (await page('/debug/configz')).map(({ metadata, file }) => `${metadata?.name} ${file}`);
  const put = await fairway.ask('PUT', `${rules}/a`, rule('a', 451));
  assert.match(put.body, /"hides": "VirtualService shop\/a \(rules\.yaml:1\)"/);
  assert.deepEqual(await inForce(), ['a api:1', 'b rules.yaml:9']);
  assert.deepEqual(
    (await page('/debug/problems')).map(({ file, message }) => `${file} ${message}`),
    ['rules.yaml expected one source to state this object, found it at api:1 too, which lies over this one and counts'],
  );
  const deleted = await fairway.ask('DELETE', `${rules}/a`);
  assert.match(deleted.body, /"inForce": "VirtualService shop\/a \(rules\.yaml:1\)"/);
  assert.deepEqual(await inForce(), ['a rules.yaml:1', 'b rules.yaml:9']);
  assert.deepEqual(await page('/debug/problems'), []);
});

it('rules come over TLS to whoever is known by its certificate', async (test) => {
  const folder = tempFolder(test);
  const authority = issue({ name: 'Authority', isAuthority: true });
  const { certificate, key } = issue({ name: 'api', altNames: ['localhost', '127.0.0.1'], issuer: authority.signer });
  for (const [name, text] of Object.entries({
    'tls.crt': certificate,
    'tls.key': key,
    'ca.crt': authority.certificate,
  }))
    folder.write(name, text);
  const fairway = await serve(test, folder, ['--api-cert', 'tls.crt', '--api-key', 'tls.key']);
  folder.write('a.yaml', rule('a'));
  const server = ['--server', `https://127.0.0.1:${fairway.apiPort}`, '--token-file', 'token'];
  const apply = (...more: readonly string[]) => runFairway(folder.path, ['apply', '-f', 'a.yaml', ...server, ...more]);
  const [trusting, strict] = [await apply('--ca-file', 'ca.crt'), await apply()];
  assert.deepEqual(
    [trusting.exitCode, trusting.stdout, strict.exitCode],
    [0, 'VirtualService shop/a created (generation 1)\n', 2],
  );
  assert.match(strict.stderr, /certificate/);
});

it('a state folder belongs to one process', async (test) => {
  const folder = tempFolder(test);
  await serve(test, folder);
  const args = ['serve', '--api-address', '127.0.0.1:0', '--api-token-file', 'token', '--state-dir', 'state'];
  const { exitCode, stderr } = await runFairway(folder.path, args);
  assert.equal(exitCode, 1);
  assert.match(
    stderr,
    /^error: --state-dir: expected state to be the folder of this process alone, found that process /,
  );
});
