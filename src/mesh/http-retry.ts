/** When and how often a request is sent again. */
import type { HttpRetry } from '../config/virtual-service.ts';
import type { RetryIr } from '../ir/route.ts';

/** What is retried when nobody says anything: failures before any response, and what gRPC calls so. */
const defaultRetryOn = 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes';

/** The retry policy of a route; undefined when retries are off. Requests that stick to a host by hash may meet it again. */
export function retryOf(retry: HttpRetry | undefined, isHashed: boolean): RetryIr | undefined {
  const attempts = retry?.attempts ?? (retry === undefined ? 2 : 0);
  if (attempts <= 0) return undefined;
  const conditions = (retry?.retryOn ?? '').split(',').map((part) => part.trim());
  const statusCodes = conditions.filter((part) => /^\d+$/.test(part)).map(Number);
  const named = conditions.filter((part) => !/^\d+$/.test(part)).join(',');
  const asked =
    statusCodes.length > 0 && !named.includes('retriable-status-codes') ? `${named},retriable-status-codes` : named;
  return {
    on: (retry?.retryOn ?? '') === '' ? defaultRetryOn : asked,
    attempts,
    statusCodes,
    ...(retry?.perTryTimeout === undefined ? {} : { perTryTimeoutMs: retry.perTryTimeout }),
    ...(retry?.backoff === undefined ? {} : { backoffMs: retry.backoff }),
    avoidsPreviousHosts: retry?.retryIgnorePreviousHosts ?? !isHashed,
    hostAttempts: 5,
    ...(retry?.retryRemoteLocalities === true ? { usesOtherPriorities: true } : {}),
  };
}
