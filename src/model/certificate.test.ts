import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { elliptic, issue, revocations, rsa } from '../../test/support/certificates.ts';
import { authorityFaults, expiryOf, type Fault, pairFaults } from './certificate.ts';

const dayMs = 24 * 60 * 60 * 1000;
const now = Date.parse('2026-06-01T00:00:00Z');
const at = (days: number) => new Date(now + days * dayMs);

const authority = issue({ name: 'Authority', isAuthority: true, from: at(-100), until: at(1000) });
const shop = issue({ name: 'shop', issuer: authority.signer, from: at(-10), until: at(80) });
const other = issue({ name: 'other', from: at(-10), until: at(80) });

/** One line per fault: `refused FW0803: …` or `noted FW0804: …`. */
const lines = (faults: readonly Fault[]) =>
  faults.map(({ code, isRefused, message }) => `${isRefused ? 'refused' : 'noted'} ${code}: ${message}`);

describe('a certificate with its key', () => {
  function check(name: string, [chain, key]: readonly [string, string], expected: readonly string[]): void {
    it(name, () => assert.deepEqual(lines(pairFaults(chain, key, now)), expected));
  }

  check('is fine when it is valid and fits', [shop.certificate, shop.key], []);
  check('may bring those that vouch for it', [shop.certificate + authority.certificate, shop.key], []);
  check('may have texts around it', [`subject=shop\n${shop.certificate}\n\n`, `\n${shop.key}`], []);
  check(
    'must fit the key',
    [shop.certificate, other.key],
    ['refused FW0803: expected the private key of the first certificate, found another key'],
  );
  check(
    'must be the first of its chain',
    [authority.certificate + shop.certificate, shop.key],
    [
      'refused FW0803: expected the certificate of the private key first and those that vouch for it after it, found it later',
    ],
  );
  check(
    'must be PEM',
    ['not a certificate', shop.key],
    ['refused FW0803: expected a certificate in PEM form, found none'],
  );
  check(
    'must be whole, and so must those that vouch for it',
    [shop.certificate + authority.certificate.replace('MII', 'MIX'), shop.key],
    ['refused FW0803: expected certificates in PEM form, found that number 2 cannot be read'],
  );
  check(
    'needs a key that can be read',
    [shop.certificate, shop.certificate],
    ['refused FW0803: expected a private key in PEM form, found none that can be read'],
  );
  check(
    'needs a key that nobody has to unlock',
    [shop.certificate, shop.key.replaceAll('PRIVATE KEY', 'ENCRYPTED PRIVATE KEY')],
    ['refused FW0803: expected a private key without a passphrase, found an encrypted one'],
  );
  check('is refused after its last day', pairOf({ name: 'old', from: at(-90), until: at(-1) }), [
    'refused FW0804: expected the certificate of CN=old to be valid, found that it expired on May 31 00:00:00 2026 GMT',
  ]);
  check('is spoken of in its last month', pairOf({ name: 'ageing', from: at(-60), until: at(29.5) }), [
    'noted FW0804: expected the certificate of CN=ageing to be renewed in time, found that it expires on Jun 30 12:00:00 2026 GMT, in less than 30 days',
  ]);
  check(
    'is spoken of before its first day, since clocks differ',
    pairOf({ name: 'young', from: at(1), until: at(90) }),
    [
      'noted FW0804: expected the certificate of CN=young to be valid, found that it is so only from Jun  2 00:00:00 2026 GMT',
    ],
  );
  check(
    'is served although one that vouches for it has expired, since chains often carry several',
    [shop.certificate + issue({ name: 'Old authority', from: at(-90), until: at(-1) }).certificate, shop.key],
    [
      'noted FW0804: expected the certificate of CN=Old authority to be valid, found that it expired on May 31 00:00:00 2026 GMT',
    ],
  );
  check('may be RSA of 2048 bits', pairOf({ name: 'rsa', keys: rsa(2048) }), []);
  check('may not be RSA of less, which Envoy refuses', pairOf({ name: 'rsa', keys: rsa(1024) }), [
    'refused FW0803: expected an RSA key of at least 2048 bits, found 1024',
  ]);
  check('may not be on a curve that Envoy does not know', pairOf({ name: 'curve', keys: elliptic('secp256k1') }), [
    'refused FW0803: expected an ECDSA key on P-256, P-384 or P-521, found secp256k1',
  ]);
});

function pairOf(options: Parameters<typeof issue>[0]): readonly [string, string] {
  const { certificate, key } = issue({ from: at(-1), until: at(80), ...options });
  return [certificate, key];
}

describe('a list of authorities', () => {
  function check(name: string, [list, revoked]: readonly [string, string?], expected: readonly string[]): void {
    it(name, () => assert.deepEqual(lines(authorityFaults(list, revoked, now)), expected));
  }
  const expired = issue({ name: 'Old authority', isAuthority: true, from: at(-90), until: at(-1) }).certificate;

  check('is fine with one that is valid', [authority.certificate], []);
  check('may say what is revoked', [authority.certificate, revocations(authority.signer)], []);
  check(
    'must have at least one',
    ['nobody'],
    ['refused FW0803: expected certificates of authorities in PEM form, found none'],
  );
  check(
    'must not lose what is revoked',
    [authority.certificate, 'nothing'],
    ['refused FW0803: expected a certificate revocation list in PEM form, found something else'],
  );
  check(
    'can be used while one of them is valid',
    [authority.certificate + expired],
    [
      'noted FW0804: expected the certificate of CN=Old authority to be valid, found that it expired on May 31 00:00:00 2026 GMT',
    ],
  );
  check(
    'cannot be used when none is valid any more',
    [expired],
    [
      'refused FW0804: expected the certificate of CN=Old authority to be valid, found that it expired on May 31 00:00:00 2026 GMT',
    ],
  );
});

it('a chain expires with its first certificate', () => {
  const chain = shop.certificate + authority.certificate;
  assert.deepEqual([expiryOf(chain), expiryOf('nobody')], [at(80).getTime(), undefined]);
});
