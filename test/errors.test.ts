/**
 * What the documentation says of problems is so: docs/errors has a page for each code and no other, the index names them all, and what the pages show is what
 * `fairway analyze` says of their examples. `UPDATE_GOLDEN=1` writes it.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { formatReport } from '../src/cli/report.ts';
import { inspect } from '../src/inspection.ts';
import { type Code, codes } from '../src/model/codes.ts';

const isUpdating = process.env.UPDATE_GOLDEN === '1';
const folder = 'docs/errors';
const pageOf = (code: string) => `${folder}/${code}.md`;
const all = Object.keys(codes) as Code[];

/** What no YAML shows: what comes of the machine, or of proxies that are connected. */
const shownInWords: readonly Code[] = [
  'FW0010',
  'FW0012',
  'FW0604',
  'FW0605',
  'FW0805',
  'FW0901',
  'FW0902',
  'FW1207',
  'FW1208',
  'FW3101',
  'FW3102',
  'FW3110',
  'FW3111',
  'FW3112',
  'FW3113',
  'FW3114',
  'FW3120',
  'FW3121',
  'FW3122',
  'FW3140',
  'FW3151',
  'FW3152',
  'FW3201',
  'FW3202',
  'FW3203',
  'FW3204',
  'FW3205',
  'FW3206',
];

/** A page's example, and the console beneath it. */
const example = /^```yaml( mesh-config)?\n([\s\S]*?)^```\n\n```console\n[\s\S]*?^```\n/m;

interface Example {
  readonly isMeshConfig: boolean;
  readonly text: string;
}

function exampleIn(page: string): Example | undefined {
  const [found, meshConfig, text = ''] = example.exec(page) ?? [];
  return found === undefined ? undefined : { isMeshConfig: meshConfig !== undefined, text };
}

/** Of many lines the first ones and the last. */
function abridged(text: string): string {
  const lines = text.split('\n');
  return lines.length <= 12 ? text : [...lines.slice(0, 4), '…', ...lines.slice(-2)].join('\n');
}

/** What the tool says of an example, and the codes in it. */
function consoleOf({ isMeshConfig, text }: Example): { readonly shown: string; readonly found: readonly Code[] } {
  const input = { file: isMeshConfig ? 'mesh.yaml' : 'example.yaml', text };
  const report = inspect({
    depth: 'mesh',
    ...(isMeshConfig ? { inputs: [], meshConfig: input } : { inputs: [input] }),
  });
  const command = isMeshConfig ? 'fairway validate --mesh-config mesh.yaml' : 'fairway analyze example.yaml';
  return {
    shown: `$ ${command}\n${abridged(formatReport(report, 'text'))}`,
    found: report.problems.map(({ code }) => code),
  };
}

/** A page as it has to be. */
function checked(page: string): string {
  const read = exampleIn(page);
  if (read === undefined) return page;
  const { text, isMeshConfig } = read;
  const fence = isMeshConfig ? 'yaml mesh-config' : 'yaml';
  const { shown } = consoleOf(read);
  return page.replace(example, () => `\`\`\`${fence}\n${text}\`\`\`\n\n\`\`\`console\n${shown}\`\`\`\n`);
}

describe('the pages about codes', () => {
  for (const code of all)
    it(`${code} says what it means, shows it, and says what to do`, () => {
      const page = readFileSync(pageOf(code), 'utf8');
      const right = checked(page);
      if (isUpdating) writeFileSync(pageOf(code), right);
      assert.equal(isUpdating ? right : page, right);
      const headings = page.split('\n').filter((line) => /^##? /.test(line));
      assert.deepEqual(headings, [`# ${code}: ${codes[code]}`, '## Example', '## What to do']);
      const read = exampleIn(page);
      if (shownInWords.includes(code)) assert.equal(read, undefined);
      else
        assert.ok(read !== undefined && consoleOf(read).found.includes(code), 'the example has to cause the problem');
    });

  it('are about codes that exist', () => {
    const files = readdirSync(folder).sort();
    assert.deepEqual(files, [...all.map((code) => `${code}.md`), 'README.md'].sort());
  });

  it('are all in the index, under their ranges', () => {
    const index = readFileSync(`${folder}/README.md`, 'utf8');
    const rows = [...index.matchAll(/^\| \[(\w+)\]\((\w+)\.md\) \| (.*) \|$/gm)].map(([, ...cells]) => cells);
    assert.deepEqual(
      rows,
      all.map((code) => [code, code, codes[code]]),
    );
  });
});

describe('docs/validation.md', () => {
  it('shows what programs are given', () => {
    const file = 'docs/validation.md';
    const page = readFileSync(file, 'utf8');
    const [, text = ''] = /^```yaml\n(apiVersion[\s\S]*?)^```\n/m.exec(page) ?? [];
    const report = inspect({ depth: 'mesh', inputs: [{ file: 'example.yaml', text }] });
    const json = formatReport(report, 'json');
    const right = page.replace(/^```json\n[\s\S]*?^```\n/m, () => `\`\`\`json\n${json}\`\`\`\n`);
    if (isUpdating) writeFileSync(file, right);
    assert.equal(isUpdating ? right : page, right);
    assert.ok(report.problems.length > 0);
  });
});
