/** A proxy that is known and is not to be served; the message says why. */
export class RefusalError extends Error {
  override readonly name = 'RefusalError';
}
