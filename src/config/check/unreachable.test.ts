import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { problemsOf } from '../../../test/support/decode-spec.ts';
import { neighbours } from '../../../test/support/neighbours.ts';

const to = 'route: [{destination: {host: a}}]';
const routes = (...matches: readonly string[]) =>
  matches.map((match) => (match === '' ? `{${to}}` : `{match: [${match}], ${to}}`)).join(', ');
const check = neighbours('VirtualService', (part) => `hosts: [a]\nhttp: [${part}]`);
const taken = (path: string, by: string) =>
  `warning FW0123 ${path}: expected a ${path.includes('match') ? 'match' : 'route'} that some request reaches, found all of it taken by ${by}`;
const second = taken('spec.http[1]', 'spec.http[0].match[0]');

describe('a route that an earlier one leaves nothing for', () => {
  check(
    'follows one without a match',
    routes('{uri: {prefix: /a}}', ''),
    routes('', '{uri: {prefix: /a}}'),
    taken('spec.http[1]', 'spec.http[0]'),
  );
  check(
    'has the same match',
    routes('{uri: {exact: /a}}', '{uri: {exact: /b}}'),
    routes('{name: x, uri: {exact: /a}}', '{uri: {exact: /a}}'),
    second,
  );
  check(
    'lies within a prefix',
    routes('{uri: {prefix: /ab}}', '{uri: {prefix: /a}}'),
    routes('{uri: {prefix: /a}}', '{uri: {exact: /ab}}'),
    second,
  );
  check(
    'lies within a prefix in another spelling',
    routes('{uri: {prefix: /A}}', '{uri: {prefix: /a}}'),
    routes('{uri: {prefix: /A}, ignoreUriCase: true}', '{uri: {prefix: /ab}}'),
    second,
  );
  check(
    'asks for more than one before it',
    routes('{headers: {x: {exact: a}}}', '{headers: {y: {exact: b}}}'),
    routes('{headers: {x: {prefix: a}}}', '{headers: {x: {exact: ab}, y: {exact: b}}}'),
    second,
  );
  check(
    'asks for the same absence',
    routes('{withoutHeaders: {x: {}}}', '{uri: {prefix: /a}}'),
    routes('{withoutHeaders: {x: {}}}', '{uri: {prefix: /a}, withoutHeaders: {x: {}}}'),
    second,
  );
  check(
    'is for one of all ports',
    routes('{port: 80}', '{port: 81}'),
    routes('{port: 80}', '{port: 80, method: {exact: GET}}'),
    second,
  );
  check(
    'is for one of all clients',
    routes('{sourceLabels: {app: a}}', '{sourceLabels: {app: b}}'),
    routes('{sourceNamespace: x}', '{sourceNamespace: x, sourceLabels: {app: b}}'),
    second,
  );
  check(
    'is for one of the gateways',
    routes('{sourceLabels: {app: a}}', '{gateways: [edge], sourceLabels: {app: a}}'),
    routes('{gateways: [edge, mesh]}', '{gateways: [edge]}'),
    second,
  );
  check(
    'has several matches that are all taken',
    routes('{uri: {prefix: /a}}', '{uri: {prefix: /b}}, {uri: {prefix: /c}}'),
    routes('{uri: {prefix: /a}}', '{uri: {prefix: /b}}', '{uri: {prefix: /a/x}}, {uri: {prefix: /b/x}}'),
    taken('spec.http[2]', 'spec.http[0].match[0], spec.http[1].match[0]'),
  );
  check(
    'has one match that is taken',
    routes('{uri: {prefix: /a}}', '{uri: {prefix: /b}}'),
    routes('{uri: {prefix: /a}}', '{uri: {prefix: /b}}, {uri: {prefix: /a/x}}'),
    taken('spec.http[1].match[1]', 'spec.http[0].match[0]'),
  );
});

describe('a route is not lost', () => {
  const check = (name: string, spec: string) =>
    it(name, () => assert.deepEqual(problemsOf('VirtualService', spec), []));
  check('behind one that hands over to a delegate', `hosts: [a]\nhttp: [{delegate: {name: b}}, {${to}}]`);
  check(
    'in a delegate, whose routes may be left out',
    `http: [${routes('{uri: {prefix: /a}}', '{uri: {prefix: /a/b}}')}]`,
  );
  check(
    'behind another regular expression',
    `hosts: [a]\nhttp: [${routes('{uri: {regex: "/a.*"}}', '{uri: {prefix: /ab}}')}]`,
  );
  check(
    'behind a TCP route for other labels',
    `hosts: [a]\ntcp: [{match: [{gateways: [mesh], sourceLabels: {a: b}}], ${to}}, {match: [{gateways: [mesh]}], ${to}}]`,
  );
});

describe('very long lists', () => {
  it('of hosts and matches are left alone, and hosts are not', () => {
    const hosts = Array.from({ length: 5000 }, (_, i) => `h${i}.example.com`);
    const matches = Array.from({ length: 5000 }, (_, i) => `{uri: {prefix: /${i}/}}`);
    const problems = problemsOf(
      'VirtualService',
      `hosts: [${hosts.join(', ')}]\nhttp: [${routes(matches.join(', '))}]`,
    );
    assert.deepEqual(problems, []);
    const twice = problemsOf('VirtualService', `hosts: [${[...hosts, 'h0.example.com'].join(', ')}]\nhttp: [{${to}}]`);
    assert.deepEqual(twice, [
      'error FW0102 spec.hosts[5000]: expected hosts that do not overlap, found h0.example.com beside h0.example.com',
    ]);
  });
});
