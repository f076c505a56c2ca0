import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fillTemplate, templateFault } from './hostname-template.ts';

describe('a template of host names', () => {
  const check = (template: string, expected: string | undefined) =>
    it(`${template}: ${expected ?? 'can be used'}`, () =>
      assert.equal(templateFault(template, ['name', 'namespace']), expected));

  check('{name}', undefined);
  check('{name}.{namespace}.svc.cluster.local', undefined);
  check('reviews', 'expected {name} in an alias, found "reviews"');
  check('{namespace}', 'expected {name} in an alias, found "{namespace}"');
  check('{name}.{dc}', 'expected the placeholders {name}, {namespace}, found {dc}');
  check('{name', 'expected the placeholders {name}, {namespace}, found {name');

  it('is filled, in lower case', () =>
    assert.equal(fillTemplate('{name}.{namespace}.Mesh', { name: 'Web', namespace: 'shop' }), 'web.shop.mesh'));
});
