/** `fairway apply` and `fairway delete` as people run them, against an API that runs. */
import assert from 'node:assert/strict';
import { after, describe, it, type TestContext } from 'node:test';
import { rule, runApi } from '../rules-api/support/api.ts';
import { runFairway } from '../support/run-fairway.ts';
import { tempFolder } from '../support/temp-folder.ts';

const running = runApi({ after });

interface Run {
  readonly files?: { readonly [path: string]: string };
  readonly args: readonly string[];
  readonly input?: string;
}

async function run(test: TestContext, { files = {}, args, input }: Run): Promise<string> {
  const { port, folder: api } = await running;
  const folder = tempFolder(test);
  for (const [path, text] of Object.entries(files)) folder.write(path, text);
  const client = ['--server', `http://127.0.0.1:${port}`, '--token-file', api.at('token')];
  const { exitCode, stdout, stderr } = await runFairway(folder.path, [...args, ...client], input);
  return `${stdout}${stderr.replaceAll(String(port), 'PORT')}exit ${exitCode}`;
}

/** Steps of one story: each begins with what the one before it has left. */
describe('rules over HTTP', () => {
  function check(name: string, step: Run, expected: readonly string[]): void {
    it(name, async (test) => assert.deepEqual((await run(test, step)).split('\n'), expected));
  }
  const files = {
    'rules/a.yaml': `${rule('a')}---\n${rule('b')}`,
    'rules/c.json': '{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "c", "namespace": "shop"}}',
  };

  check('are applied object by object; what is no rule is refused', { files, args: ['apply', '-f', 'rules'] }, [
    'VirtualService shop/a created (generation 1)',
    'VirtualService shop/b created (generation 1)',
    "Service shop/c refused: expected an object of one of Istio's kinds",
    'exit 1',
  ]);
  check('are read from standard input', { args: ['apply', '-f', '-'], input: `${rule('a')}---\n${rule('b', 451)}` }, [
    'VirtualService shop/a unchanged (generation 1)',
    'VirtualService shop/b configured (generation 2)',
    'exit 0',
  ]);
  check(
    'are refused with what is wrong, by file and line, and the others are applied',
    {
      files: { 'a.yaml': `# comment\n---\n${rule('a').replace('418', '4180')}---\na: [\n---\n${rule('b', 500)}` },
      args: ['apply', '-f', 'a.yaml'],
    },
    [
      'a.yaml:11: expected YAML, found Flow sequence in block collection must be sufficiently indented and end with a ] [FW0001]',
      'VirtualService shop/a refused',
      'a.yaml:9: VirtualService shop/a: spec.http[0].directResponse.status: expected a status from 200 to 599, found 4180 [FW0111]',
      'VirtualService shop/b configured (generation 3)',
      'exit 1',
    ],
  );
  check('are deleted by name, as kubectl takes kinds', { args: ['delete', 'vs', 'shop/a'] }, [
    'VirtualService shop/a deleted',
    'exit 0',
  ]);
  check('are deleted by file, and missed where they are not', { files, args: ['delete', '-f', 'rules/a.yaml'] }, [
    'VirtualService shop/a refused: expected VirtualService shop/a to have been put here, found none',
    'VirtualService shop/b deleted',
    'exit 1',
  ]);
  check('are not missed by whoever says so', { files, args: ['delete', '-f', 'rules/a.yaml', '--ignore-not-found'] }, [
    'VirtualService shop/a not found',
    'VirtualService shop/b not found',
    'exit 0',
  ]);
  const help = '(run with --help for all options)';
  check('are not applied without files', { args: ['apply'] }, [
    'error: expected -f <path> with objects to apply, found none',
    help,
    'exit 2',
  ]);
  check('are not applied from nowhere', { args: ['apply', '-f', 'no'] }, [
    'error: expected a file or folder at no, found nothing',
    help,
    'exit 2',
  ]);
  check('are not deleted by a kind that nobody knows', { args: ['delete', 'Service', 'shop/a'] }, [
    'error: expected one of VirtualService, DestinationRule, ServiceEntry, WorkloadEntry, Gateway, Sidecar, EnvoyFilter, WorkloadGroup, ProxyConfig, PeerAuthentication, RequestAuthentication, AuthorizationPolicy, Telemetry, WasmPlugin, found Service',
    help,
    'exit 2',
  ]);
});

describe('a server that cannot be asked', () => {
  function check(name: string, args: readonly string[], expected: string): void {
    it(name, async (test) => {
      const folder = tempFolder(test);
      folder.write('a.yaml', rule('a'));
      folder.write('token', 'another-token-of-some-length');
      const { port } = await running;
      const given = args.map((arg) => arg.replace('PORT', String(port)));
      const outcome = await runFairway(folder.path, ['apply', '-f', 'a.yaml', '--token-file', 'token', ...given]);
      assert.deepEqual([outcome.exitCode, outcome.stderr.split('\n')[0]], [2, expected]);
    });
  }
  check(
    'is one that does not know the token',
    ['--server', 'http://127.0.0.1:PORT'],
    'fairway: expected a token that the server knows, found another one',
  );
  check(
    'is one that is not there',
    ['--server', 'http://127.0.0.1:1'],
    'fairway: cannot reach http://127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1',
  );
  check(
    'is one far away in plaintext',
    ['--server', 'http://fairway.example:15016'],
    'error: expected https:// in --server: the token does not travel in plaintext, found http://fairway.example:15016',
  );
});
