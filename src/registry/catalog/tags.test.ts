import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { labelsOfTags, valueOfTag } from './tags.ts';

describe('labels of tags', () => {
  const check = (name: string, tags: readonly string[], expected: { readonly [key: string]: string }) =>
    it(name, () => assert.deepEqual(labelsOfTags(tags), expected));

  check('are pairs of keys and values', ['team=shop', 'url=http://a/?b=c'], { team: 'shop', url: 'http://a/?b=c' });
  check('are words', ['primary', 'us-east_1.a'], { primary: 'true', 'us-east_1.a': 'true' });
  check('are no other texts', ['=x', '', 'urlprefix-/shop', 'two words', '-', 'x'.repeat(64)], {});
  check('are nothing that is longer than metadata may be', [`a=${'x'.repeat(513)}`, `${'k'.repeat(129)}=x`, 'b=1'], {
    b: '1',
  });
  check('have a key as a pair before it as a word', ['team', 'team=shop'], { team: 'shop' });
  check('may be called as anything is', ['constructor=x', '__proto__'], { constructor: 'x' });
  check('are a version where a word looks like one', ['v2', 'v3'], { version: 'v2', v3: 'true' });
  check('have the version that a key gives before one that only looks like it', ['v2', 'version=v1'], {
    version: 'v1',
    v2: 'true',
  });
  check('have the first of two values', ['team=a', 'team=b'], { team: 'a' });
  check('say nothing of the port', ['istio-protocol=grpc', 'istio-port=80', 'protocol=grpc'], { protocol: 'grpc' });
  for (const version of ['v1', 'V1', 'v1.2.3', 'v1-beta.2', 'v10'])
    check(`takes ${version} for a version`, [version], { version });
  for (const word of ['v', 'vault', '1', 'v1_2']) check(`takes ${word} for no version`, [word], { [word]: 'true' });
  for (const text of ['v1 ', 'v1-']) check(`takes ${text} for nothing`, [text], {});
});

describe('the value of a tag', () => {
  it('is that of the first with the key', () => assert.equal(valueOfTag(['a', 'port=1', 'port=2'], 'port'), '1'));
  it('is undefined without one', () => assert.equal(valueOfTag(['port'], 'port'), undefined));
});
