/**
 * Asynchrony lives at the two ends: sources, xds/ and the console wait; what lies between is synchronous, does no I/O and
 * asks neither a clock nor chance nor the environment, so that it cannot fail and gives the same bytes every time.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { importsIn, sourceFiles, sourceText } from './support/source-files.ts';

/** The stages between the ends. */
const pure = ['incremental', 'config', 'registry', 'ir', 'mesh', 'envoy', 'inject'];
/** Sources that stand beside what they feed. */
const ends = ['registry/consul', 'registry/nomad', 'registry/adapter', 'registry/conformance'];

/** Modules of Node that only compute. */
const computing: ReadonlySet<string> = new Set([
  'node:net: isIP',
  'node:net: isIPv4',
  'node:net: isIPv6',
  'node:crypto: X509Certificate',
  'node:crypto: createPrivateKey',
  'node:crypto: type KeyObject',
]);

const outside =
  /\b(?:async|await|Promise|setTimeout|setInterval|setImmediate|queueMicrotask|fetch|process|performance|Date\.now|new Date|Math\.random|globalThis|console)\b/g;

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
}

/** What a text asks of the world outside it. */
function asks(text: string): readonly string[] {
  const code = withoutComments(text);
  const modules = importsIn(code)
    .filter((specifier) => specifier.startsWith('node:'))
    .flatMap((specifier) => namesFrom(code, specifier).map((name) => `${specifier}: ${name}`))
    .filter((name) => !computing.has(name));
  return [...modules, ...(code.match(outside) ?? [])];
}

function namesFrom(code: string, specifier: string): readonly string[] {
  const [, names] = new RegExp(`import\\s*\\{([^}]*)\\}\\s*from\\s*'${specifier}'`).exec(code) ?? [];
  return names === undefined ? ['everything'] : names.split(',').map((name) => name.trim());
}

describe('a stage between the ends', () => {
  it('asks nothing of the outside world', () => {
    const isIn = (path: string, folders: readonly string[]) =>
      folders.some((folder) => path.startsWith(`src/${folder}/`));
    const files = sourceFiles().filter((path) => isIn(path, pure) && !isIn(path, ends) && !path.endsWith('.test.ts'));
    assert.deepEqual(
      files.flatMap((path) => asks(sourceText(path)).map((what) => `${path}: ${what}`)),
      [],
    );
  });
});

it('no text becomes a pattern of JavaScript, whose engine a user could keep busy for ever', () => {
  const makers = sourceFiles().filter((path) => /\bRegExp\(/.test(withoutComments(sourceText(path))));
  assert.deepEqual(makers, []);
});

describe('a text asks the outside world', () => {
  function check(name: string, text: string, expected: readonly string[]): void {
    it(name, () => assert.deepEqual(asks(text), expected));
  }
  check('when it waits', 'const a = await b;', ['await']);
  check('when it reads the clock', 'const now = Date.now();', ['Date.now']);
  check('when it imports a module that reaches out', "import { readFileSync } from 'node:fs';", [
    'node:fs: readFileSync',
  ]);
  check('not when it only computes', "import { isIP } from 'node:net';", []);
  check('not when a comment mentions it', '/** Never await. */\n// process\nconst a = 1;', []);
});
