import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Summaries } from './schema.ts';
import { SummaryList } from './summaries.ts';

describe('the summary of services', () => {
  const web = { Name: 'Web', Nodes: ['n1', 'n2'], Tags: ['a', 'b'], ChecksPassing: 2, ChecksCritical: 0 };
  const stock = { Name: 'stock', Nodes: ['n1'] };
  function check(name: string, after: Summaries, expected: readonly string[]): void {
    it(name, () => {
      const list = new SummaryList();
      assert.deepEqual(list.take([web, stock]), []);
      assert.deepEqual(list.take(after), expected);
    });
  }
  check('names nobody when only the order is another', [stock, { ...web, Nodes: ['n2', 'n1'], Tags: ['b', 'a'] }], []);
  check('names services with other instances', [{ ...web, Nodes: ['n1'] }, stock], ['web']);
  check('names services with another instance at a node', [web, { ...stock, Nodes: ['n1', 'n1'] }], ['stock']);
  check('names services with other checks', [{ ...web, ChecksPassing: 1, ChecksCritical: 1 }, stock], ['web']);
  check('names services that are new', [web, stock, { Name: 'Cart' }], ['cart']);
  check('names nobody that is gone', [web], []);
});
