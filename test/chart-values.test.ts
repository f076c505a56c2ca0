/** The chart's values: each one is explained where it stands, known to the schema, and in the table of docs/install.md. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { isRecord } from '../src/lib/schema.ts';

const isUpdating = process.env.UPDATE_GOLDEN === '1';
const chart = 'deploy/helm/fairway';
const text = readFileSync(`${chart}/values.yaml`, 'utf8');

interface Value {
  /** `image.tag` */
  readonly path: string;
  /** The comment above it; '' where there is none. */
  readonly about: string;
}

/** All values that stand on their own: keys beneath one that has a comment are part of it, and folders of such values are none. */
function valuesIn(yaml: string): readonly Value[] {
  const values: Value[] = [];
  const parents: { readonly key: string; readonly isExplained: boolean }[] = [];
  let about: string[] = [];
  for (const line of yaml.split('\n')) {
    const [, comment] = /^ *# ?(.*)$/.exec(line) ?? [];
    const [, indent = '', key, rest = ''] = /^( *)(\w+):(.*)$/.exec(line) ?? [];
    if (comment !== undefined) about.push(comment);
    if (key !== undefined) {
      parents.length = indent.length / 2;
      const isPart = parents.some(({ isExplained }) => isExplained);
      const path = [...parents.map((parent) => parent.key), key].join('.');
      const isFolder = rest === '' && about.length === 0;
      if (!isPart && !isFolder) values.push({ path, about: about.join(' ') });
      parents.push({ key, isExplained: about.length > 0 });
    }
    if (comment === undefined) about = [];
  }
  return values;
}

function valueAt(path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), parse(text));
}

/** What a schema of objects allows, down to what is no object with properties of its own. */
function pathsIn(schema: unknown, path = ''): readonly string[] {
  const { properties } = schema as { readonly properties?: { readonly [key: string]: unknown } };
  if (properties === undefined) return [path];
  return Object.entries(properties).flatMap(([key, inner]) => pathsIn(inner, path === '' ? key : `${path}.${key}`));
}

function row({ path, about }: Value): string {
  const cells = [`\`${path}\``, `\`${JSON.stringify(valueAt(path))}\``, about];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

describe('the values of the chart', () => {
  const values = valuesIn(text);

  it('are explained above themselves: what each is, and why its default is as it is', () => {
    const unexplained = values.filter(({ about }) => about.split(/[.:;] /).length < 2);
    assert.deepEqual(unexplained, []);
    assert.ok(values.length > 0);
  });

  it('are those of the schema', () => {
    const schema: unknown = JSON.parse(readFileSync(`${chart}/values.schema.json`, 'utf8'));
    // Helm gives `global` to every chart.
    const known = pathsIn(schema).filter((path) => path !== 'global');
    assert.deepEqual([...known].sort(), values.map(({ path }) => path).sort());
  });

  it('are the table of docs/install.md', () => {
    const file = 'docs/install.md';
    const page = readFileSync(file, 'utf8');
    const table = ['| Value | Default | What, and why so |', '|---|---|---|', ...values.map(row), ''].join('\n');
    const right = page.replace(/^\| Value \|.*\n(\|.*\n)*/m, () => table);
    if (isUpdating) writeFileSync(file, right);
    assert.equal(isUpdating ? right : page, right);
    assert.ok(right.includes(table), 'expected a table of values');
  });
});
