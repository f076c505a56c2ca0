import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isOlder } from './resource-version.ts';

describe('a resource version', () => {
  function check(name: string, version: string, than: string, expected: boolean): void {
    it(name, () => assert.equal(isOlder(version, than), expected));
  }
  check('is older when its number is smaller', '99', '100', true);
  check('is compared beyond what a number holds', '36028797018963968000', '36028797018963968001', true);
  check('is not older than itself', '7', '7', false);
  check('is not older when its number is larger', '100', '99', false);
  check('that is no number is older than none', 'abc', '1', false);
});
