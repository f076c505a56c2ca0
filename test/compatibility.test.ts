/**
 * docs/compatibility.md is whole: each field of each kind's schema stands in a row of its kind's section, each row is about
 * some field, and the tests that rows name are there. Nothing is silently ignored.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { kinds } from '../src/config/kinds.ts';
import { meshConfig } from '../src/config/mesh-config.ts';
import { meshNetworks } from '../src/config/mesh-networks.ts';
import type { JsonSchema } from '../src/lib/schema.ts';

interface Row {
  readonly patterns: readonly string[];
  readonly status: string;
  readonly tests: readonly string[];
}

const statuses = ['works', 'refused', 'ignored with a warning', 'accepted'];

/** The paths of a schema's leaves: `http[].match[].uri.exact`. */
function leavesOf(schema: JsonSchema, path = ''): readonly string[] {
  const { type, properties, items } = schema as {
    readonly type?: string;
    readonly properties?: { readonly [name: string]: JsonSchema };
    readonly items?: JsonSchema;
  };
  if (type === 'object' && properties !== undefined)
    return Object.entries(properties).flatMap(([name, part]) => leavesOf(part, path === '' ? name : `${path}.${name}`));
  return type === 'array' && items !== undefined ? leavesOf(items, `${path}[]`) : [path];
}

/** The rows of a section: `| `path`, `path.*` | status | where | what | test, test |`. */
function rowsOf(section: string): readonly Row[] {
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => {
      const [, fields = '', status = '', , , tests = ''] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
      const quoted = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
      return { patterns: quoted(fields), status, tests: quoted(tests) };
    });
}

function isMeant(pattern: string, path: string): boolean {
  return pattern.endsWith('*')
    ? path.startsWith(pattern.slice(0, -1))
    : pattern === path || path.startsWith(`${pattern}.`);
}

const text = readFileSync('docs/compatibility.md', 'utf8');
const sections = new Map(
  text
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')).trim(), section]),
);

const schemas: readonly (readonly [string, JsonSchema])[] = [
  ...Object.entries(kinds).map(([kind, { schema }]) => [kind, schema.json] as const),
  ['MeshConfig', meshConfig.json],
  ['MeshNetworks', meshNetworks.json],
];

describe('the table of compatibility', () => {
  for (const [kind, schema] of schemas) {
    const rows = rowsOf(sections.get(kind) ?? '');
    const leaves = leavesOf(schema).filter((path) => path !== '');

    it(`has a row for each field of ${kind}`, () => {
      const missing = leaves.filter((path) => !rows.some(({ patterns }) => patterns.some((one) => isMeant(one, path))));
      assert.deepEqual(missing, []);
    });

    it(`has no row of ${kind} that is about nothing`, () => {
      const idle = rows.flatMap(({ patterns }) => patterns.filter((one) => !leaves.some((path) => isMeant(one, path))));
      assert.deepEqual(idle, []);
    });

    it(`says of each field of ${kind} what becomes of it, and names tests that are there`, () => {
      const wrong = rows.flatMap(({ patterns, status, tests }) => [
        ...(statuses.some((known) => status.startsWith(known)) ? [] : [`${patterns[0]}: ${status}`]),
        ...(tests.length > 0 ? [] : [`${patterns[0]}: no test`]),
        ...tests.filter((path) => !existsSync(path)).map((path) => `${patterns[0]}: ${path}`),
      ]);
      assert.deepEqual(wrong, []);
    });
  }
});
