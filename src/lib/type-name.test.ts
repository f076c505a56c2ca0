import assert from 'node:assert/strict';
import { it } from 'node:test';
import { typeNameOf } from './type-name.ts';

it('the name follows the last slash', () => {
  assert.equal(typeNameOf('type.googleapis.com/google.protobuf.Any'), 'google.protobuf.Any');
  assert.equal(typeNameOf('https://example.com/types/google.protobuf.Any'), 'google.protobuf.Any');
  assert.equal(typeNameOf('google.protobuf.Any'), 'google.protobuf.Any');
});
