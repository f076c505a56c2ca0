import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { grpcStatusNumber } from './grpc-status.ts';

function check(name: string, status: string, number: number | undefined): void {
  it(name, () => assert.equal(grpcStatusNumber(status), number));
}

describe('a gRPC status', () => {
  check('is known by its name', 'UNAVAILABLE', 14);
  check('is known by its number', '14', 14);
  check('may be the first of all', 'OK', 0);
  check('may be the last of all', 'UNAUTHENTICATED', 16);
  check('is none beyond the last', '17', undefined);
  check('is none by another name', 'Unavailable', undefined);
  check('is none without a name', '', undefined);
});
