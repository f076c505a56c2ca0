import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { labelsOfTags, valueOfTag } from './tags.ts';

describe('labels of tags', () => {
  const check = (name: string, tags: readonly string[], expected: { readonly [key: string]: string }) =>
    it(name, () => assert.deepEqual(labelsOfTags(tags), expected));

  check('are pairs of keys and values', ['team=shop', 'url=http://a/?b=c'], { team: 'shop', url: 'http://a/?b=c' });
  check('are none of plain words', ['primary', 'canary', '=x', ''], {});
  check('are a version where a word looks like one', ['primary', 'v2', 'v3'], { version: 'v2' });
  check('have the version that a key gives before one that only looks like it', ['v2', 'version=v1'], {
    version: 'v1',
  });
  check('have the first of two values', ['team=a', 'team=b'], { team: 'a' });
  check('say nothing of the port', ['istio-protocol=grpc', 'istio-port=80', 'protocol=grpc'], { protocol: 'grpc' });
  for (const version of ['v1', 'V1', 'v1.2.3', 'v1-beta.2', 'v10'])
    check(`takes ${version} for a version`, [version], { version });
  for (const word of ['v', 'vault', '1', 'v1 ', 'v1_2', 'v1-']) check(`takes ${word} for no version`, [word], {});
});

describe('the value of a tag', () => {
  it('is that of the first with the key', () => assert.equal(valueOfTag(['a', 'port=1', 'port=2'], 'port'), '1'));
  it('is undefined without one', () => assert.equal(valueOfTag(['port'], 'port'), undefined));
});
