/** A proxy that is known and is not to be served; the message says why. */
export class RefusalError extends Error {
  override readonly name = 'RefusalError';
  /** Its name, as logs have it. */
  readonly proxy: string;

  constructor(message: string, { proxy, cause }: { readonly proxy: string; readonly cause?: unknown }) {
    super(message, { cause });
    this.proxy = proxy;
  }
}
