import { describe } from 'node:test';
import { neighbours } from '../../../test/support/neighbours.ts';

const to = 'route: [{destination: {host: a}}]';
const route = (part: string) => `hosts: [a]\nhttp: [{${part}}]`;
const check = neighbours('VirtualService', route);
const delegate = neighbours('VirtualService', (part) => `http: [{${part}}]`);
const exactlyOne = 'expected exactly one of route, redirect, directResponse and delegate, found';

describe('what an HTTP route does', () => {
  check('is one thing', to, 'name: x', `error FW0104 spec.http[0]: ${exactlyOne} none`);
  check(
    'is not two things',
    'redirect: {uri: /x}',
    `redirect: {uri: /x}, ${to}`,
    `error FW0104 spec.http[0]: ${exactlyOne} route and redirect`,
  );
  check(
    'is no fault or rewrite beside a redirect',
    'redirect: {uri: /x}',
    'redirect: {uri: /x}, fault: {abort: {httpStatus: 500}}, rewrite: {uri: /}',
    'error FW0105 spec.http[0].fault: expected no fault beside redirect, found one',
    'error FW0105 spec.http[0].rewrite: expected no rewrite beside redirect, found one',
  );
  check(
    'is no fault beside a direct response',
    'directResponse: {status: 503}',
    'directResponse: {status: 503}, fault: {abort: {httpStatus: 500}}',
    'error FW0105 spec.http[0].fault: expected no fault beside directResponse, found one',
  );
  check(
    'is to hand over to a delegate that has a name',
    'delegate: {name: b}',
    'delegate: {namespace: other}',
    'warning FW0117 spec.http[0].delegate: expected the name of a VirtualService, found none: the route is left out',
  );
  delegate(
    'is no delegation within a delegate',
    to,
    'delegate: {name: b}',
    'error FW0117 spec.http[0].delegate: expected no delegate in a VirtualService that is one itself (it has no hosts)',
  );
  check(
    'ends after a while of at least a millisecond',
    `timeout: 1ms, ${to}`,
    `timeout: 0s, ${to}`,
    'error FW0114 spec.http[0].timeout: expected at least 1ms, in whole milliseconds, found 0ms',
  );
});

describe('a destination', () => {
  const check = neighbours('VirtualService', (part) => route(`route: [${part}]`));
  check(
    'is the name of a service',
    '{destination: {host: a.shop.svc.cluster.local}}',
    '{destination: {host: "a/b"}}',
    'error FW0121 spec.http[0].route[0].destination.host: expected the name of a service, found "a/b"',
  );
  check(
    'is no wildcard for all and no address',
    '{destination: {host: "*.example.com"}}',
    '{destination: {host: "*"}, weight: 1}, {destination: {host: 10.0.0.1}, weight: 1}',
    'error FW0121 spec.http[0].route[0].destination.host: expected one service, found *',
    'error FW0121 spec.http[0].route[1].destination.host: expected the name of a service, found the address 10.0.0.1: give it a name by a ServiceEntry',
  );
  check(
    'has a subset and a port by name and number',
    '{destination: {host: a, subset: v1, port: {number: 80}}}',
    '{destination: {host: a, subset: v_1, port: {name: http}}}',
    'error FW0121 spec.http[0].route[0].destination.subset: expected the name of a subset, found "v_1"',
    'error FW0121 spec.http[0].route[0].destination.port: expected a port number from 1 to 65535, found none',
  );
  check(
    'have weights that Envoy can add up',
    '{destination: {host: a}, weight: 2147483647}, {destination: {host: b}, weight: 2147483647}',
    '{destination: {host: a}, weight: 2147483647}, {destination: {host: b}, weight: 2147483647}, {destination: {host: c}, weight: 2}',
    'error FW0106 spec.http[0].route: expected weights of 4294967295 together at most, found 4294967296',
  );
  check(
    'takes a share of the weight',
    '{destination: {host: a}, weight: 0}, {destination: {host: b}, weight: 1}',
    '{destination: {host: a}}, {destination: {host: b}}',
    'error FW0106 spec.http[0].route: expected a weight above 0 for at least one of the 2 destinations, found none',
  );
  check(
    'takes no negative share',
    '{destination: {host: a}, weight: 0}',
    '{destination: {host: a}, weight: -1}',
    'error FW0106 spec.http[0].route[0].weight: expected a weight of 0 or more, found -1',
  );
  check(
    'may change headers of its own',
    '{destination: {host: a}, headers: {request: {set: {x: "y"}}}}',
    '{destination: {host: a}, headers: {request: {set: {":path": "y"}}}}',
    'error FW0109 spec.http[0].route[0].headers.request.set.:path: expected a header other than the pseudo headers and Host, found :path',
  );
});

describe('a redirect', () => {
  const check = neighbours('VirtualService', (part) => route(`redirect: {${part}}`));
  const empty = 'expected at least one of uri, authority, port, derivePort and scheme, found none';
  check('says where to', 'scheme: https', 'redirectCode: 302', `error FW0110 spec.http[0].redirect: ${empty}`);
  check(
    'goes to one line',
    'prefixRewrite: /x',
    'uri: "/x\\ny", authority: "a\\r"',
    'error FW0110 spec.http[0].redirect.uri: expected a text without line breaks, found one with some',
    'error FW0110 spec.http[0].redirect.authority: expected a text without line breaks, found one with some',
  );
  check(
    'has a code of its kind',
    'uri: /x, redirectCode: 308',
    'uri: /x, redirectCode: 304',
    'error FW0110 spec.http[0].redirect.redirectCode: expected 301, 302, 303, 307 or 308, found 304',
  );
  check(
    'goes to HTTP or HTTPS',
    'scheme: http',
    'scheme: ftp',
    'error FW0110 spec.http[0].redirect.scheme: expected http or https, found "ftp"',
  );
  check(
    'goes to a port',
    'port: 65535',
    'port: 65536',
    'error FW0110 spec.http[0].redirect.port: expected a port from 1 to 65535, found 65536',
  );
});

describe('a direct response', () => {
  const check = neighbours('VirtualService', (part) => route(`directResponse: {${part}}`));
  const body = (size: number) => `status: 200, body: {string: ${'x'.repeat(size)}}`;
  check(
    'has a status',
    'status: 599',
    'status: 199',
    'error FW0111 spec.http[0].directResponse.status: expected a status from 200 to 599, found 199',
  );
  check(
    'has a body that proxies can hold',
    body(100 * 1024),
    body(100 * 1024 + 1),
    'warning FW0111 spec.http[0].directResponse.body: expected at most 100 KiB, which every proxy keeps, found 102401 bytes',
  );
  check(
    'has a body of a mebibyte at most',
    'status: 200, body: {bytes: eA==}',
    body(1024 * 1024 + 1),
    'error FW0111 spec.http[0].directResponse.body: expected at most 1 MiB, found 1048577 bytes',
  );
  check(
    'is measured by the bytes that it sends',
    `status: 200, body: {bytes: ${'eHh4'.repeat(34_000)}}`,
    `status: 200, body: {bytes: ${'eHh4'.repeat(400_000)}}`,
    'error FW0111 spec.http[0].directResponse.body: expected at most 1 MiB, found 1200000 bytes',
  );
});

describe('a rewrite', () => {
  const check = neighbours('VirtualService', (part) => route(`rewrite: {${part}}, ${to}`));
  check(
    'says so in one line',
    'uri: /x',
    'uri: "/x\\ny"',
    'error FW0105 spec.http[0].rewrite.uri: expected a text without line breaks, found one with some',
  );
  check(
    'says what to',
    'authority: a',
    'uri: ""',
    'error FW0105 spec.http[0].rewrite: expected uri, uriRegexRewrite or authority, found none',
  );
  check(
    'rewrites the path one way',
    'uriRegexRewrite: {match: a, rewrite: b}',
    'uri: /, uriRegexRewrite: {match: a, rewrite: b}',
    'error FW0105 spec.http[0].rewrite: expected one of uri and uriRegexRewrite, found both',
  );
  check(
    'replaces by a regular expression of RE2',
    'uriRegexRewrite: {match: "a(b)", rewrite: "\\\\1"}',
    'uriRegexRewrite: {match: "a(?=b)", rewrite: b}',
    'error FW0108 spec.http[0].rewrite.uriRegexRewrite.match: expected a regular expression of RE2\'s syntax, found "a(?=b)": error parsing regexp: invalid or unsupported Perl syntax: `(?=`',
  );
  check(
    'has both sides of a replacement',
    'uriRegexRewrite: {match: a, rewrite: b}',
    'uriRegexRewrite: {}',
    'error FW0108 spec.http[0].rewrite.uriRegexRewrite.match: expected a regular expression, found none',
    'error FW0105 spec.http[0].rewrite.uriRegexRewrite.rewrite: expected what to put in the place, found none',
  );
});
