import assert from 'node:assert/strict';
import { it } from 'node:test';
import { formatAddress } from './address.ts';

it('an IPv6 address stands in brackets before its port', () => {
  assert.equal(formatAddress({ host: '127.0.0.1', port: 15010 }), '127.0.0.1:15010');
  assert.equal(formatAddress({ host: 'localhost', port: 0 }), 'localhost:0');
  assert.equal(formatAddress({ host: '::1', port: 15010 }), '[::1]:15010');
});
