/** The rules for what an HTTP route does beside routing: faults, retries, mirrors, CORS. */
import type { Path } from '../../lib/schema.ts';
import { grpcStatusNumber } from '../../model/grpc-status.ts';
import type { CorsPolicy, HttpRetry, HttpRoute } from '../virtual-service.ts';

import { type Check, checkDuration } from './check.ts';
import { isHeaderName } from './names.ts';
import { checkDestination, checkPercentage, checkStringMatch } from './route.ts';

export function checkFault(check: Check, path: Path, { fault }: HttpRoute): void {
  if (fault === undefined) return;
  const { delay, abort } = fault;
  if (delay === undefined && abort === undefined) check.error('FW0112', path, 'expected delay or abort, found none');
  if (delay !== undefined) checkDelay(check, [...path, 'delay'], delay);
  if (abort !== undefined) checkAbort(check, [...path, 'abort'], abort);
}

type Fault = NonNullable<HttpRoute['fault']>;

function checkDelay(check: Check, path: Path, delay: NonNullable<Fault['delay']>): void {
  checkPercentage(check, 'FW0112', [...path, 'percentage'], delay.percentage?.value);
  checkPercentage(check, 'FW0112', [...path, 'percent'], delay.percent);
  if (delay.exponentialDelay !== undefined)
    check.error(
      'FW0112',
      [...path, 'exponentialDelay'],
      'expected fixedDelay, found exponentialDelay, which Envoy cannot do',
    );
  else if (delay.fixedDelay === undefined)
    check.warning('FW0112', path, 'expected fixedDelay, found none: nothing is delayed');
  checkDuration(check, 'FW0112', [...path, 'fixedDelay'], delay.fixedDelay);
}

function checkAbort(check: Check, path: Path, abort: NonNullable<Fault['abort']>): void {
  const { percentage, httpStatus, grpcStatus, http2Error } = abort;
  checkPercentage(check, 'FW0112', [...path, 'percentage'], percentage?.value);
  if (http2Error !== undefined)
    check.error(
      'FW0112',
      [...path, 'http2Error'],
      'expected httpStatus or grpcStatus, found http2Error, which Envoy cannot do',
    );
  else if (httpStatus === undefined && grpcStatus === undefined)
    check.warning('FW0112', path, 'expected httpStatus or grpcStatus, found none: nothing is aborted');
  if (httpStatus !== undefined) checkStatus(check, 'FW0112', [...path, 'httpStatus'], httpStatus);
  if (grpcStatus !== undefined && (/^\d/.test(grpcStatus) || grpcStatusNumber(grpcStatus) === undefined))
    check.error(
      'FW0112',
      [...path, 'grpcStatus'],
      `expected the name of a gRPC status such as UNAVAILABLE, found ${JSON.stringify(grpcStatus)}`,
    );
}

/** Istio lets 600 pass; Envoy refuses every route that lies beside such a one. */
export function checkStatus(check: Check, code: 'FW0111' | 'FW0112', path: Path, status: number): void {
  if (status < 200 || status > 599) check.error(code, path, `expected a status from 200 to 599, found ${status}`);
}

export function checkMirrors(check: Check, path: Path, route: HttpRoute): void {
  const { mirror, mirrors = [], mirrorPercent, mirrorPercentage } = route;
  if (mirror !== undefined && mirrors.length > 0)
    check.error('FW0115', path, 'expected one of mirror and mirrors, found both');
  if (mirror !== undefined) checkDestination(check, [...path, 'mirror'], mirror);
  checkPercentage(check, 'FW0115', [...path, 'mirrorPercentage'], mirrorPercentage?.value);
  checkPercentage(check, 'FW0115', [...path, 'mirrorPercent'], mirrorPercent);
  if (mirrorPercent !== undefined)
    check.warning(
      'FW0115',
      [...path, 'mirrorPercent'],
      'expected mirrorPercentage, found mirrorPercent, which it has replaced',
    );
  for (const [i, { destination, percentage }] of mirrors.entries()) {
    checkDestination(check, [...path, 'mirrors', i, 'destination'], destination);
    checkPercentage(check, 'FW0115', [...path, 'mirrors', i, 'percentage'], percentage?.value);
  }
}

/** Envoy's retry policies, for HTTP and gRPC. */
const retryConditions = new Set([
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'envoy-ratelimited',
  'retriable-4xx',
  'refused-stream',
  'retriable-status-codes',
  'retriable-headers',
  'http3-post-connect-failure',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
]);

/** The status codes that IANA has registered: first and last of each run. */
const knownStatuses: readonly (readonly [number, number])[] = [
  [100, 103],
  [200, 208],
  [226, 226],
  [300, 305],
  [307, 308],
  [400, 418],
  [421, 426],
  [428, 429],
  [431, 431],
  [451, 451],
  [500, 508],
  [510, 511],
];

export function checkRetry(check: Check, path: Path, retry: HttpRetry): void {
  const { attempts = 0, perTryTimeout, retryOn = '', retryRemoteLocalities, backoff } = retry;
  if (attempts < 0) check.error('FW0113', [...path, 'attempts'], `expected 0 or more, found ${attempts}`);
  if (attempts === 0 && (perTryTimeout !== undefined || retryOn !== '' || retryRemoteLocalities !== undefined))
    check.error('FW0113', path, 'expected no further settings where attempts is 0, which turns retries off');
  checkDuration(check, 'FW0113', [...path, 'perTryTimeout'], perTryTimeout);
  checkDuration(check, 'FW0113', [...path, 'backoff'], backoff);
  if (retryOn === '') return;
  for (const condition of retryOn.split(',')) {
    const code = /^\d{3}$/.test(condition) ? Number(condition) : 0;
    if (retryConditions.has(condition) || knownStatuses.some(([first, last]) => code >= first && code <= last))
      continue;
    check.error(
      'FW0113',
      [...path, 'retryOn'],
      `expected retry conditions of Envoy or known HTTP status codes, with commas and no blanks between them, found ${JSON.stringify(condition)}`,
    );
  }
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE']);

export function checkCors(check: Check, path: Path, cors: CorsPolicy): void {
  for (const [i, origin] of (cors.allowOrigins ?? []).entries()) {
    const at = [...path, 'allowOrigins', i];
    if ((origin.exact ?? origin.prefix ?? origin.regex ?? '') === '')
      check.error('FW0116', at, 'expected exact, prefix or regex with a text, found none');
    else checkStringMatch(check, at, origin, 'refused');
  }
  for (const [i, method] of (cors.allowMethods ?? []).entries())
    if (!methods.has(method))
      check.error(
        'FW0116',
        [...path, 'allowMethods', i],
        `expected one of ${[...methods].join(', ')}, found ${JSON.stringify(method)}`,
      );
  for (const field of ['allowHeaders', 'exposeHeaders'] as const)
    for (const [i, name] of (cors[field] ?? []).entries())
      if (name !== '*' && !isHeaderName(name))
        check.error('FW0116', [...path, field, i], `expected the name of a header or *, found ${JSON.stringify(name)}`);
  const { maxAge } = cors;
  if (maxAge !== undefined && (maxAge < 1000 || maxAge % 1000 !== 0))
    check.error('FW0116', [...path, 'maxAge'], `expected one or more whole seconds, found ${maxAge}ms`);
}
