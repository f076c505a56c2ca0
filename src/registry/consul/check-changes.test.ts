import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CheckList } from './check-changes.ts';
import type { Checks } from './schema.ts';

describe('a list of checks', () => {
  const of = (ServiceName: string, ServiceID = ServiceName): Checks[number] => ({
    Node: 'n1',
    CheckID: `service:${ServiceID}`,
    ServiceID,
    ServiceName,
  });
  const ofNode = (Node: string): Checks[number] => ({ Node, CheckID: 'serfHealth', ServiceID: '', ServiceName: '' });

  function check(
    name: string,
    before: Checks,
    after: Checks,
    services: readonly string[],
    nodes: readonly string[] = [],
  ): void {
    it(name, () => {
      const list = new CheckList();
      list.take(before);
      assert.deepEqual(list.take(after), { services, nodes });
    });
  }
  check('names services of which a check has come', [of('web')], [of('web'), of('Stock')], ['stock']);
  check('names services of which a check has gone', [of('web'), of('stock')], [of('stock')], ['web']);
  check('names services of which another instance has one', [of('web', 'web-1')], [of('web', 'web-2')], ['web']);
  check('names nodes that have one of their own', [ofNode('n1')], [ofNode('n2')], [], ['n2', 'n1']);
  check('names nobody when the order is another', [of('web'), of('stock')], [of('stock'), of('web')], []);

  it('names all that it has at first', () => {
    assert.deepEqual(new CheckList().take([of('web'), ofNode('n1')]), { services: ['web'], nodes: ['n1'] });
  });
});
