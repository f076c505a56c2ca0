import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { neighbours } from '../../../test/support/neighbours.ts';
import { headerValueProblem } from './header-value.ts';

const check = neighbours(
  'VirtualService',
  (part) => `hosts: [a]\nhttp: [{${part}, route: [{destination: {host: a}}]}]`,
);
const pseudo = 'expected a header other than the pseudo headers and Host, found';

describe('header operations', () => {
  check(
    'may set the authority of a request and no other pseudo header',
    'headers: {request: {set: {":authority": a, x-id: b}}}',
    'headers: {request: {set: {":method": GET}, remove: [Host, ""]}, response: {add: {host: a}}}',
    `error FW0109 spec.http[0].headers.request.set.:method: ${pseudo} :method`,
    `error FW0109 spec.http[0].headers.request.remove[0]: ${pseudo} Host`,
    'error FW0109 spec.http[0].headers.request.remove[1]: expected the name of a header, found an empty text',
    `error FW0109 spec.http[0].headers.response.add.host: ${pseudo} host`,
  );
  check(
    'name headers as HTTP does',
    'headers: {response: {remove: ["x!y"]}}',
    'headers: {response: {remove: [x y]}}',
    'warning FW0109 spec.http[0].headers.response.remove[0]: expected the name of a header, found "x y"',
  );
  check(
    'set the authority once',
    'headers: {request: {set: {host: a}}}',
    'headers: {request: {set: {host: a}, add: {":authority": b}}}, rewrite: {authority: c}',
    'error FW0109 spec.http[0]: expected the authority to be set once, found rewrite.authority and headers.request.set.host and headers.request.add.:authority',
  );
  check(
    'write values that Envoy takes',
    'headers: {request: {add: {x: "%REQ(x-id)%"}}}',
    'headers: {request: {add: {x: "50%"}}}',
    'error FW0109 spec.http[0].headers.request.add.x: expected a command such as %REQ(x-id)%, or %% for the sign itself, found "%"',
  );
});

describe('the value of a header', () => {
  function check(name: string, value: string, problem: string | undefined): void {
    it(name, () => assert.equal(headerValueProblem(value), problem));
  }
  const command = (found: string) =>
    `expected a command such as %REQ(x-id)%, or %% for the sign itself, found ${JSON.stringify(found)}`;

  check('may be plain', 'a b,c', undefined);
  check('may hold the sign itself', '100%%', undefined);
  check('may hold commands', 'a %PROTOCOL% b %REQ(:METHOD)%%START_TIME(%s)%', undefined);
  check('may cut off what a command yields', '%REQ(x?y):10%', undefined);
  check('may name a list', '%UPSTREAM_METADATA(["a", "b"])%', undefined);
  check('has no sign alone', 'a%b', command('%b'));
  check('has no sign after a command', '%PROTOCOL%%', command('%'));
  check('has no command in lower case', '%protocol%', command('%protocol%'));
  check('has no command that is not closed', '%REQ(x', command('%REQ(x'));
  check('has no control characters', 'a\nb', 'expected no control characters, found some');
  check('has no command that Envoy does not know', '%FOO%', 'expected a command that Envoy knows, found %FOO%');
  check('gives a command what it needs', '%REQ%', 'expected parameters such as %REQ(name)%, found none');
  check('gives a command no more than it takes', '%PROTOCOL(x)%', 'expected %PROTOCOL% without parameters, found (x)');
});
