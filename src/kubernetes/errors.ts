/** What can go wrong with a request to an API server. */
import { isRecord } from '../lib/schema.ts';

/** An answer that is an error, as the API server states it. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** The HTTP status, or the code of a Status within a stream. */
  readonly code: number;
  /** Kubernetes' word for it: `NotFound`, `Expired`, `AlreadyExists`, ... */
  readonly reason: string;
  /** How long the server asks to be left alone, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(code: number, message: string, rest: { readonly reason?: string; readonly retryAfterMs?: number } = {}) {
    super(message);
    this.code = code;
    this.reason = rest.reason ?? '';
    this.retryAfterMs = rest.retryAfterMs;
  }
}

/** A Status of Kubernetes as an error. */
export function statusError(
  status: unknown,
  fallbackCode: number,
  asked: { readonly retryAfterMs?: number } = {},
): ApiError {
  const { code, reason, message, details } = isRecord(status) ? status : {};
  const seconds = isRecord(details) ? Number(details.retryAfterSeconds ?? Number.NaN) : Number.NaN;
  return new ApiError(
    typeof code === 'number' ? code : fallbackCode,
    typeof message === 'string' && message !== '' ? message : `HTTP ${fallbackCode}`,
    {
      ...(Number.isNaN(seconds) ? {} : { retryAfterMs: seconds * 1000 }),
      ...asked,
      ...(typeof reason === 'string' ? { reason } : {}),
    },
  );
}
