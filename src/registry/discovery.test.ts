import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { changesIn, removalsIn } from '../../test/support/objects.ts';
import type { ObjectChange } from '../model/kubernetes-object.ts';
import { DiscoveredObjects } from './discovery.ts';

type Selectors = Parameters<DiscoveredObjects['select']>[0];
type Operator = NonNullable<Selectors[number]['matchExpressions']>[number]['operator'];

const namespace = (name: string, labels = '{}') =>
  `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}, labels: ${labels}}\n`;
const service = (name: string, of: string) =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: ${of}}\n`;
const red: Selectors = [{ matchLabels: { team: 'red' } }];

const show = (changes: readonly ObjectChange[]) =>
  changes.map(
    ({ kind, namespace: of, name, object }) =>
      `${object === undefined ? '-' : '+'} ${kind} ${of === '' ? name : `${of}/${name}`}`,
  );

describe('the changes that follow', () => {
  type Step = (objects: DiscoveredObjects) => readonly ObjectChange[];
  const apply =
    (yaml: string): Step =>
    (objects) =>
      objects.apply(changesIn(yaml));
  const remove =
    (yaml: string): Step =>
    (objects) =>
      objects.apply(removalsIn(yaml));
  const select =
    (selectors: Selectors): Step =>
    (objects) =>
      objects.select(selectors);

  /** Each step and what follows from it. */
  function check(name: string, ...steps: readonly (readonly [Step, readonly string[]])[]): void {
    it(name, () => {
      const objects = new DiscoveredObjects();
      for (const [step, expected] of steps) assert.deepEqual(show(step(objects)), expected);
    });
  }

  check(
    'are all changes without selectors',
    [apply(service('a', 'shop')), ['+ Service shop/a']],
    [remove(service('a', 'shop')), ['- Service shop/a']],
  );
  check(
    'are those of chosen namespaces',
    [select(red), []],
    [
      apply(
        `${namespace('shop', '{team: red}')}---\n${namespace('bank')}---\n${service('a', 'shop')}---\n${service('b', 'bank')}`,
      ),
      ['+ Namespace shop', '+ Namespace bank', '+ Service shop/a'],
    ],
  );
  check(
    'are those of a namespace whose object comes after its others',
    [select(red), []],
    [apply(service('a', 'shop')), []],
    [apply(namespace('shop', '{team: red}')), ['+ Service shop/a', '+ Namespace shop']],
  );
  check(
    'are those that a label brings and takes',
    [select(red), []],
    [apply(`${namespace('shop')}---\n${service('a', 'shop')}`), ['+ Namespace shop']],
    [apply(namespace('shop', '{team: red}')), ['+ Service shop/a', '+ Namespace shop']],
    [apply(namespace('shop', '{team: blue}')), ['- Service shop/a', '+ Namespace shop']],
  );
  check(
    'are those that selectors bring and take',
    [
      apply(`${namespace('shop', '{team: red}')}---\n${service('a', 'shop')}---\n${service('b', 'bank')}`),
      ['+ Namespace shop', '+ Service shop/a', '+ Service bank/b'],
    ],
    [select(red), ['- Service bank/b']],
    [select([]), ['+ Service bank/b']],
  );
  check(
    'are none for objects that went unseen',
    [select(red), []],
    [apply(service('b', 'bank')), []],
    [remove(service('b', 'bank')), []],
    [select([]), []],
  );
  check(
    'are those of objects without a namespace',
    [select(red), []],
    [apply('apiVersion: v1\nkind: Node\nmetadata: {name: n1}\n'), ['+ Node n1']],
  );
  check(
    'are gone with the Namespace that was chosen by a label',
    [
      apply(`${namespace('shop', '{team: red}')}---\n${service('a', 'shop')}`),
      ['+ Namespace shop', '+ Service shop/a'],
    ],
    [select(red), []],
    [remove(namespace('shop')), ['- Service shop/a', '- Namespace shop']],
  );
});

describe('a namespace is discovered', () => {
  function check(name: string, selectors: Selectors, labels: string, expected: boolean): void {
    it(name, () => {
      const objects = new DiscoveredObjects();
      objects.select(selectors);
      objects.apply(changesIn(namespace('shop', labels)));
      assert.equal(objects.apply(changesIn(service('a', 'shop'))).length, expected ? 1 : 0);
    });
  }
  const expression = (operator: Operator, ...values: readonly string[]): Selectors => [
    { matchExpressions: [{ key: 'team', operator, values }] },
  ];

  check(
    'by one of several selectors',
    [{ matchLabels: { team: 'blue' } }, { matchLabels: { team: 'red' } }],
    '{team: red}',
    true,
  );
  check('by an empty selector', [{}], '{}', true);
  check('by its name', [{ matchLabels: { 'kubernetes.io/metadata.name': 'shop' } }], '{}', true);
  check('not by half of a selector', [{ matchLabels: { team: 'red', stage: 'live' } }], '{team: red}', false);
  check('by a value among others', expression('In', 'red', 'blue'), '{team: blue}', true);
  check('not by a value that is not among others', expression('In', 'red'), '{team: blue}', false);
  check('by a value that is not excluded', expression('NotIn', 'red'), '{team: blue}', true);
  check('by an excluded label that it does not have', expression('NotIn', 'red'), '{}', true);
  check('not by an excluded value', expression('NotIn', 'red'), '{team: red}', false);
  check('by a label that is there', expression('Exists'), '{team: red}', true);
  check('not by a label that is not there', expression('Exists'), '{}', false);
  check('by a label that must not be there', expression('DoesNotExist'), '{}', true);
  check('not by a label that must not be there and is', expression('DoesNotExist'), '{team: red}', false);
});
