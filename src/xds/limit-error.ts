/** A client asks for more than we serve one client. */
export class LimitError extends Error {
  override readonly name = 'LimitError';
}
