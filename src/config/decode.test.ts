import assert from 'node:assert/strict';
import { it } from 'node:test';
import { objectIn } from '../../test/support/objects.ts';
import { problemLine } from '../../test/support/problem-line.ts';
import { decodeConfig } from './decode.ts';

const told = (apiVersion: string) => {
  const object = objectIn(
    `apiVersion: ${apiVersion}\nkind: VirtualService\nmetadata: {name: a}\nspec: {hosts: [a], http: [{route: [{destination: {host: a}}]}]}\n`,
  );
  const { config, problems } = decodeConfig('VirtualService', object);
  return { isRead: config !== undefined, problems: problems.map(problemLine) };
};

it('an object is read in each version of its group', () => {
  for (const version of ['v1', 'v1beta1', 'v1alpha3'])
    assert.deepEqual(told(`networking.istio.io/${version}`), { isRead: true, problems: [] });
});

it('an object in a version that no API server knows is read with a warning', () => {
  const warning =
    'warning FW0002 apiVersion: expected one of networking.istio.io/v1, networking.istio.io/v1beta1, networking.istio.io/v1alpha3, found networking.istio.io/v1apha3, which API servers do not know';
  assert.deepEqual(told('networking.istio.io/v1apha3'), { isRead: true, problems: [warning] });
});
