import { describe } from 'node:test';
import { neighbours } from '../../../test/support/neighbours.ts';

const route = (part: string) => `hosts: [a]\nhttp: [{${part}, route: [{destination: {host: a}}]}]`;
const percentage = 'expected a percentage from 0 to 100, in steps of 0.0001, found';

describe('a fault', () => {
  const check = neighbours('VirtualService', (part) => route(`fault: {${part}}`));
  const at = 'spec.http[0].fault';
  check(
    'is a delay or an abort',
    'delay: {fixedDelay: 1s}',
    '',
    `error FW0112 ${at}: expected delay or abort, found none`,
  );
  check(
    'delays by a fixed time',
    'delay: {fixedDelay: 1ms}',
    'delay: {exponentialDelay: 1s}',
    `error FW0112 ${at}.delay.exponentialDelay: expected fixedDelay, found exponentialDelay, which Envoy cannot do`,
  );
  check(
    'delays by a millisecond or more',
    'delay: {fixedDelay: 2ms}',
    'delay: {fixedDelay: 1500us}',
    `error FW0112 ${at}.delay.fixedDelay: expected at least 1ms, in whole milliseconds, found 1.5ms`,
  );
  check(
    'says what to do',
    'abort: {httpStatus: 500}, delay: {fixedDelay: 1s}',
    'abort: {}, delay: {}',
    `warning FW0112 ${at}.delay: expected fixedDelay, found none: nothing is delayed`,
    `warning FW0112 ${at}.abort: expected httpStatus or grpcStatus, found none: nothing is aborted`,
  );
  check(
    'concerns a share of the requests',
    'abort: {httpStatus: 500, percentage: {value: 0.0001}}, delay: {fixedDelay: 1s, percentage: {value: 0}}',
    'abort: {httpStatus: 500, percentage: {value: 0.00001}}, delay: {fixedDelay: 1s, percentage: {value: 101}}',
    `error FW0112 ${at}.delay.percentage: ${percentage} 101`,
    `error FW0112 ${at}.abort.percentage: ${percentage} 0.00001`,
  );
  check(
    'aborts with a status',
    'abort: {httpStatus: 200}',
    'abort: {httpStatus: 99}',
    `error FW0112 ${at}.abort.httpStatus: expected a status from 200 to 599, found 99`,
  );
  check(
    'aborts with a status of gRPC by its name',
    'abort: {grpcStatus: UNAVAILABLE}',
    'abort: {grpcStatus: "14"}',
    `error FW0112 ${at}.abort.grpcStatus: expected the name of a gRPC status such as UNAVAILABLE, found "14"`,
  );
  check(
    'aborts no single stream',
    'abort: {grpcStatus: OK}',
    'abort: {http2Error: REFUSED_STREAM}',
    `error FW0112 ${at}.abort.http2Error: expected httpStatus or grpcStatus, found http2Error, which Envoy cannot do`,
  );
});

describe('a mirror', () => {
  const check = neighbours('VirtualService', route);
  check(
    'is one or one of several',
    'mirrors: [{destination: {host: b}, percentage: {value: 1}}]',
    'mirror: {host: b}, mirrors: [{destination: {host: c}}]',
    'error FW0115 spec.http[0]: expected one of mirror and mirrors, found both',
  );
  check(
    'takes a share of the requests',
    'mirror: {host: b}, mirrorPercentage: {value: 100}',
    'mirrors: [{destination: {host: b}}, {destination: {host: c}, percentage: {value: 100.1}}]',
    `error FW0115 spec.http[0].mirrors[1].percentage: ${percentage} 100.1`,
  );
  check(
    'takes its share by mirrorPercentage',
    'mirror: {host: b}, mirrorPercentage: {value: 5}',
    'mirror: {host: b}, mirrorPercent: 5',
    'warning FW0115 spec.http[0].mirrorPercent: expected mirrorPercentage, found mirrorPercent, which it has replaced',
  );
  check(
    'is a service',
    'mirror: {host: b}',
    'mirror: {host: "*"}',
    'error FW0121 spec.http[0].mirror.host: expected one service, found *',
  );
});

describe('retries', () => {
  const check = neighbours('VirtualService', (part) => route(`retries: {${part}}`));
  const retryOn =
    'error FW0113 spec.http[0].retries.retryOn: expected retry conditions of Envoy or known HTTP status codes, with commas and no blanks between them, found';
  check(
    'are counted from 0',
    'attempts: 0',
    'attempts: -1',
    'error FW0113 spec.http[0].retries.attempts: expected 0 or more, found -1',
  );
  check(
    'that are turned off have no settings',
    'attempts: 1, perTryTimeout: 1s',
    'perTryTimeout: 1s',
    'error FW0113 spec.http[0].retries: expected no further settings where attempts is 0, which turns retries off',
  );
  check(
    'wait for a millisecond or more',
    'attempts: 1, perTryTimeout: 1ms, backoff: 1ms',
    'attempts: 1, perTryTimeout: 0s, backoff: 0s',
    'error FW0113 spec.http[0].retries.perTryTimeout: expected at least 1ms, in whole milliseconds, found 0ms',
    'error FW0113 spec.http[0].retries.backoff: expected at least 1ms, in whole milliseconds, found 0ms',
  );
  check(
    'happen on conditions',
    'attempts: 1, retryOn: "5xx,reset"',
    'attempts: 1, retryOn: "5xx, reset"',
    `${retryOn} " reset"`,
  );
  check(
    'happen on status codes',
    'attempts: 1, retryOn: "503,unavailable"',
    'attempts: 1, retryOn: "599"',
    `${retryOn} "599"`,
  );
});

describe('a CORS policy', () => {
  const check = neighbours('VirtualService', (part) => route(`corsPolicy: {${part}}`));
  const at = 'spec.http[0].corsPolicy';
  check(
    'allows origins by a text',
    'allowOrigins: [{exact: "*"}, {regex: ".*"}]',
    'allowOrigins: [{}, {prefix: ""}, {regex: "("}]',
    `error FW0116 ${at}.allowOrigins[0]: expected exact, prefix or regex with a text, found none`,
    `error FW0116 ${at}.allowOrigins[1]: expected exact, prefix or regex with a text, found none`,
    `error FW0108 ${at}.allowOrigins[2].regex: expected a regular expression of RE2's syntax, found "(": error parsing regexp: missing closing ): \`(\``,
  );
  check(
    'allows methods of HTTP',
    'allowMethods: [GET, PATCH]',
    'allowMethods: [GET, "*"]',
    `error FW0116 ${at}.allowMethods[1]: expected one of GET, HEAD, POST, PUT, PATCH, DELETE, CONNECT, OPTIONS, TRACE, found "*"`,
  );
  check(
    'names headers',
    'allowHeaders: ["*"], exposeHeaders: [x-a]',
    'allowHeaders: ["x.a"], exposeHeaders: [""]',
    `error FW0116 ${at}.allowHeaders[0]: expected the name of a header or *, found "x.a"`,
    `error FW0116 ${at}.exposeHeaders[0]: expected the name of a header or *, found ""`,
  );
  check(
    'is remembered for whole seconds',
    'maxAge: 24h',
    'maxAge: 1500ms',
    `error FW0116 ${at}.maxAge: expected one or more whole seconds, found 1500ms`,
  );
});
