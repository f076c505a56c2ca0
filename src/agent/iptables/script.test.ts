import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TableRules } from './rules.ts';
import { removalScript, restoreScript } from './script.ts';

const wanted: readonly TableRules[] = [
  {
    table: 'nat',
    chains: ['FAIRWAY_OUTPUT'],
    rules: ['-A FAIRWAY_OUTPUT -p tcp -j REDIRECT --to-ports 15001'],
    jumps: ['-A PREROUTING -p tcp -j FAIRWAY_OUTPUT', '-A OUTPUT -j FAIRWAY_OUTPUT'],
  },
];

const made = [':FAIRWAY_OUTPUT - [0:0]', ...wanted.flatMap(({ rules }) => rules)];
const jumps = wanted.flatMap((table) => table.jumps);

/** What iptables-save says of one table. */
const saved = (table: string, lines: readonly string[]) =>
  ['# Generated', `*${table}`, ':OUTPUT ACCEPT [0:0]', ...lines, 'COMMIT', '# Completed', ''].join('\n');
const script = (table: string, lines: readonly string[]) => [`*${table}`, ...lines, 'COMMIT', ''].join('\n');

describe('a script for iptables-restore', () => {
  function check(name: string, before: string, expected: string): void {
    it(name, () => assert.equal(restoreScript(wanted, before), expected));
  }
  const stranger = '-A OUTPUT -p tcp -m tcp --dport 7001 -j RETURN';

  check('makes what is not there', saved('nat', [stranger]), script('nat', [...made, ...jumps]));
  check('makes it where no table has been looked at', '', script('nat', [...made, ...jumps]));
  check(
    'leaves jumps where they are',
    saved('nat', [':FAIRWAY_OUTPUT - [0:0]', jumps[1] ?? '', stranger, jumps[0] ?? '']),
    script('nat', made),
  );
  check(
    'replaces jumps when one is missing',
    saved('nat', [':FAIRWAY_OUTPUT - [0:0]', jumps[1] ?? '']),
    script('nat', [made[0] ?? '', '-D OUTPUT -j FAIRWAY_OUTPUT', ...made.slice(1), ...jumps]),
  );
  check(
    'takes away chains of an earlier run once nothing leads there',
    saved('nat', [':FAIRWAY_OLD - [0:0]', ...jumps, '-A OUTPUT -o eth1 -j FAIRWAY_OLD', '-A FAIRWAY_OLD -j RETURN']),
    script('nat', [
      made[0] ?? '',
      ...jumps.map((jump) => jump.replace('-A', '-D')),
      '-D OUTPUT -o eth1 -j FAIRWAY_OLD',
      '-F FAIRWAY_OLD',
      '-X FAIRWAY_OLD',
      ...made.slice(1),
      ...jumps,
    ]),
  );
  check(
    'takes away whole tables before the last is made',
    saved('raw', [':FAIRWAY_DNS_IN - [0:0]', '-A PREROUTING -p udp -j FAIRWAY_DNS_IN', '-A FAIRWAY_DNS_IN -j ACCEPT']),
    script('raw', ['-D PREROUTING -p udp -j FAIRWAY_DNS_IN', '-F FAIRWAY_DNS_IN', '-X FAIRWAY_DNS_IN']) +
      script('nat', [...made, ...jumps]),
  );
});

describe('a script that takes all away', () => {
  it('is empty when nothing of ours is there', () => {
    assert.equal(removalScript(saved('nat', ['-A OUTPUT -p tcp -j OTHER', ':OTHER - [0:0]'])), '');
  });
  it('takes away what is ours', () => {
    const before = saved('nat', [':OTHER - [0:0]', ':FAIRWAY_OUTPUT - [0:0]', ...jumps, '-A OUTPUT -j OTHER']);
    const expected = [...jumps.map((jump) => jump.replace('-A', '-D')), '-F FAIRWAY_OUTPUT', '-X FAIRWAY_OUTPUT'];
    assert.equal(removalScript(before), script('nat', expected));
  });
});
