import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Issued, issue } from '../../test/support/certificates.ts';
import type { Problem } from '../model/problem.ts';
import { type JudgedPair, judgePair } from './key-pair.ts';

const dayMs = 24 * 60 * 60 * 1000;
const now = Date.parse('2026-06-01T00:00:00Z');
const at = (days: number) => new Date(now + days * dayMs);
const made = (name: string, from: number, until: number) => issue({ name, from: at(from), until: at(until) });
const [first, other, old, near] = [
  made('first', -1, 90),
  made('other', -1, 90),
  made('old', -9, -1),
  made('near', -9, 9),
];
const absent: Problem = {
  code: 'FW0010',
  severity: 'error',
  path: '',
  message: 'expected a readable file, found nothing',
  file: 'tls.key',
};

describe('a certificate and its key', () => {
  function check(
    name: string,
    texts: Pick<Issued, 'certificate'> & { readonly key: string | Problem },
    expected: JudgedPair,
  ): void {
    it(name, () => assert.deepEqual(judgePair(texts, now), expected));
  }
  const pairOf = ({ certificate, key }: Issued, days: number) => ({ certificate, key, expiresMs: at(days).getTime() });

  check('are presented when they fit', first, { pair: pairOf(first, 90), faults: [] });
  check(
    'are not when they do not',
    { ...first, key: other.key },
    {
      faults: ['expected the private key of the first certificate, found another key [FW0803]'],
    },
  );
  check(
    'are not when one cannot be read',
    { ...first, key: absent },
    {
      faults: ['tls.key: expected a readable file, found nothing [FW0010]'],
    },
  );
  check('are not when the certificate is too old', old, {
    faults: [
      'expected the certificate of CN=old to be valid, found that it expired on May 31 00:00:00 2026 GMT [FW0804]',
    ],
  });
  check('are presented while the certificate is about to expire, which is told', near, {
    pair: pairOf(near, 9),
    faults: [
      'expected the certificate of CN=near to be renewed in time, found that it expires on Jun 10 00:00:00 2026 GMT, in less than 9 days [FW0804]',
    ],
  });
});
