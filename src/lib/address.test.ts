import assert from 'node:assert/strict';
import { it } from 'node:test';
import { formatAddress, readAddress } from './address.ts';

it('an IPv6 address stands in brackets before its port', () => {
  assert.equal(formatAddress({ host: '127.0.0.1', port: 15010 }), '127.0.0.1:15010');
  assert.equal(formatAddress({ host: 'localhost', port: 0 }), 'localhost:0');
  assert.equal(formatAddress({ host: '::1', port: 15010 }), '[::1]:15010');
});

it('what is written so is read again, and nothing else is', () => {
  for (const text of ['127.0.0.1:15010', 'localhost:0', '[::1]:65535', ':15010'])
    assert.equal(formatAddress(readAddress(text) ?? { host: '', port: -1 }), text);
  for (const text of ['', 'localhost', '::1:80', '[::1]', 'localhost:65536', 'localhost:x', 'localhost:-1'])
    assert.equal(readAddress(text), undefined, text);
});
