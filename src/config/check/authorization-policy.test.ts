import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { neighbours } from '../../../test/support/neighbours.ts';
import { objectIn } from '../../../test/support/objects.ts';
import { problemLine } from '../../../test/support/problem-line.ts';
import { decodeConfig } from '../decode.ts';

const check = neighbours('AuthorizationPolicy', (part) => part);
const rule = neighbours('AuthorizationPolicy', (part) => `rules: [{${part}}]`);
const at = 'spec.rules[0]';

describe('the action of an AuthorizationPolicy', () => {
  check(
    'DENY has rules',
    'action: DENY\nrules: [{}]',
    'action: DENY',
    'error FW2301 spec: expected rules for action DENY, found none: nothing would match; rules: [{}] matches everything',
  );
  check(
    'CUSTOM has a provider',
    'action: CUSTOM\nprovider: {name: a}\nrules: [{}]',
    'action: CUSTOM\nrules: [{}]',
    'error FW2301 spec: expected the name of a provider for action CUSTOM, found none',
  );
  check(
    'is CUSTOM where there is a provider',
    'rules: [{}]',
    'rules: [{}]\nprovider: {name: a}',
    'error FW2301 spec.provider: expected it only for action CUSTOM, found it for ALLOW',
  );
  check(
    'CUSTOM does not ask for identities',
    'action: CUSTOM\nprovider: {name: a}\nrules: [{from: [{source: {ipBlocks: [10.0.0.0/8]}}]}]',
    'action: CUSTOM\nprovider: {name: a}\nrules: [{from: [{source: {notPrincipals: [a]}}], when: [{key: source.principal, values: [a]}]}]',
    `error FW2301 ${at}.from[0].source.notPrincipals: expected none for action CUSTOM, found some`,
    `error FW2301 ${at}.when[0].key: expected another key for action CUSTOM, found source.principal`,
  );
  check(
    'DENY says what it means on ports that are not HTTP',
    'action: DENY\nrules: [{to: [{operation: {methods: [GET], ports: ["80"]}}]}]',
    'action: DENY\nrules: [{to: [{operation: {methods: [GET]}}]}]',
    `warning FW2304 ${at}: expected ports beside attributes of HTTP, found none: on ports that are not HTTP this denies every connection`,
  );

  const dryRun = (name: string, action: string, value: string, problems: readonly string[]) =>
    it(name, () => {
      const text = `{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: a, annotations: {istio.io/dry-run: "${value}"}}, spec: {action: ${action}, rules: [{}]}}`;
      const found = decodeConfig('AuthorizationPolicy', objectIn(text)).problems.filter(
        ({ code }) => code !== 'FW0009',
      );
      assert.deepEqual(found.map(problemLine), problems);
    });
  dryRun('can be tried out', 'DENY', 'true', []);
  dryRun('AUDIT cannot be tried out', 'AUDIT', 'true', [
    'error FW2301 spec.action: expected ALLOW or DENY beside the annotation istio.io/dry-run, found AUDIT',
  ]);
  dryRun('is tried out or not', 'DENY', 'yes', [
    'error FW0015: expected true or false for the annotation istio.io/dry-run, found "yes"',
  ]);
});

describe('the sources and operations of an AuthorizationPolicy', () => {
  rule(
    'are there where a rule speaks of them',
    'from: [{source: {namespaces: [a]}}], to: [{operation: {methods: [GET]}}]',
    'from: [], to: [{operation: {}}]',
    `error FW2302 ${at}.from: expected at least one source, found none`,
    `error FW2302 ${at}.to[0].operation: expected at least one attribute of an operation, found none`,
  );
  rule(
    'have no empty texts',
    'from: [{source: {principals: ["*"]}}]',
    'from: [{source: {principals: [""]}}], to: [{operation: {hosts: [""]}}]',
    `error FW2302 ${at}.from[0].source.principals[0]: expected a text, found an empty one`,
    `error FW2302 ${at}.to[0].operation.hosts[0]: expected a text, found an empty one`,
  );
  rule(
    'have addresses and ports',
    'from: [{source: {ipBlocks: [10.0.0.0/8], notRemoteIpBlocks: [10.0.0.1]}}], to: [{operation: {ports: ["0"]}}]',
    'from: [{source: {ipBlocks: [a]}}], to: [{operation: {notPorts: [http, "65536"]}}]',
    `error FW2302 ${at}.from[0].source.ipBlocks[0]: expected an IP address or block, found "a"`,
    `error FW2302 ${at}.to[0].operation.notPorts[0]: expected a port from 0 to 65535, found "http"`,
    `error FW2302 ${at}.to[0].operation.notPorts[1]: expected a port from 0 to 65535, found "65536"`,
  );
  rule(
    'have service accounts or namespaces',
    'from: [{source: {serviceAccounts: [a/b]}}]',
    'from: [{source: {serviceAccounts: [a/b], namespaces: [a]}}]',
    `error FW2302 ${at}.from[0].source: expected serviceAccounts alone, found them beside namespaces`,
  );
  rule(
    'have templates of paths or wildcards',
    'to: [{operation: {paths: ["/a/{*}/b/{**}", "/a/*"]}}]',
    'to: [{operation: {paths: ["/a/{*}/*", "/{name}/{**}"]}}]',
    `error FW2302 ${at}.to[0].operation.paths[0]: expected no wildcards beside {*} and {**}, found "/a/{*}/*"`,
    `error FW2302 ${at}.to[0].operation.paths[1]: expected no wildcards beside {*} and {**}, found "/{name}/{**}"`,
  );
});

describe('the conditions of an AuthorizationPolicy', () => {
  const key = 'expected a key such as source.ip or request.headers[x-id], found';
  rule(
    'ask for something known',
    'when: [{key: "request.headers[x-id]", values: [a]}]',
    'when: [{key: request.headers, values: [a]}, {key: destination.user, values: [a]}]',
    `error FW2303 ${at}.when[0].key: ${key} "request.headers"`,
    `error FW2303 ${at}.when[1].key: ${key} "destination.user"`,
  );
  rule(
    'have values',
    'when: [{key: source.ip, notValues: [10.0.0.0/8]}]',
    'when: [{key: source.ip}, {key: source.ip, values: [a]}, {key: destination.port, values: ["-1"]}]',
    `error FW2303 ${at}.when[0]: expected values or notValues, found none`,
    `error FW2302 ${at}.when[1].values[0]: expected an IP address or block, found "a"`,
    `error FW2302 ${at}.when[2].values[0]: expected a port from 0 to 65535, found "-1"`,
  );
});
