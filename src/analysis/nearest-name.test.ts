import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nearestName } from './nearest-name.ts';

const known = ['reviews.shop.svc.cluster.local', 'ratings.shop.svc.cluster.local', 'ratings.other.svc.cluster.local'];

function check(name: string, host: string, expected: string | undefined): void {
  it(name, () => assert.equal(nearestName(host, known), expected));
}

describe('the name that was meant', () => {
  check('differs by a letter', 'review.shop.svc.cluster.local', 'reviews.shop.svc.cluster.local');
  check('is in another namespace', 'reviews.other.svc.cluster.local', 'reviews.shop.svc.cluster.local');
  check(
    'is in the same namespace rather than in another',
    'rating.other.svc.cluster.local',
    'ratings.other.svc.cluster.local',
  );
  check('is none where all are different', 'orders.shop.svc.cluster.local', undefined);
});
