import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

/** The pod's name, which is its host name, and something that a pod of the same name had not before. */
export function newReplicaName(): string {
  return `${process.env.POD_NAME ?? hostname()}_${randomBytes(4).toString('hex')}`;
}
