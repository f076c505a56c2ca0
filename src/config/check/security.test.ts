import { describe } from 'node:test';
import { neighbours } from '../../../test/support/neighbours.ts';

describe('a PeerAuthentication', () => {
  const check = neighbours('PeerAuthentication', (part) => part);
  check(
    'is for ports of workloads that it selects',
    "selector: {matchLabels: {a: b}}\nportLevelMtls: {'80': {mode: STRICT}}",
    "mtls: {mode: STRICT}\nportLevelMtls: {'80': {mode: STRICT}}",
    'error FW2101 spec.portLevelMtls: expected a selector beside it, found none: ports are those of workloads',
  );
  check(
    'names ports',
    "selector: {matchLabels: {a: b}}\nportLevelMtls: {'65535': {mode: DISABLE}}",
    "selector: {matchLabels: {a: b}}\nportLevelMtls: {'0': {mode: DISABLE}, http: {mode: DISABLE}}",
    'error FW2101 spec.portLevelMtls.0: expected a port from 1 to 65535, found "0"',
    'error FW2101 spec.portLevelMtls.http: expected a port from 1 to 65535, found "http"',
  );
  check(
    'has settings for ports where it speaks of them',
    'mtls: {mode: STRICT}',
    'portLevelMtls: {}',
    'error FW2101 spec.portLevelMtls: expected at least one port, found none',
  );
});

describe('what a policy is attached to', () => {
  const check = neighbours('RequestAuthentication', (part) => part);
  check(
    'is one thing',
    'selector: {matchLabels: {a: b}}',
    'selector: {matchLabels: {a: b}}\ntargetRefs: [{kind: Service, name: a}]',
    'error FW2001 spec: expected one of selector, targetRef and targetRefs, found selector and targetRefs',
  );
  check(
    'is a Service, a ServiceEntry or a Gateway of its namespace',
    'targetRefs: [{kind: Service, name: a}, {group: gateway.networking.k8s.io, kind: Gateway, name: a}]',
    'targetRefs: [{group: apps, kind: Deployment, name: a}, {kind: Service, namespace: other}]',
    'error FW2001 spec.targetRefs[0]: expected a Service, ServiceEntry, Gateway or GatewayClass, found Deployment of group "apps"',
    'error FW2001 spec.targetRefs[1].name: expected a name, found none',
    'error FW2001 spec.targetRefs[1].namespace: expected none, found other: a policy is for its own namespace',
  );
});

describe('a rule for JSON Web Tokens', () => {
  const check = neighbours('RequestAuthentication', (part) => `jwtRules: [{${part}}]`);
  const at = 'spec.jwtRules[0]';
  check('has an issuer', 'issuer: a', 'audiences: [b]', `error FW2201 ${at}.issuer: expected an issuer, found none`);
  check(
    'knows keys from one source',
    'issuer: a, jwksUri: https://a.example.com/keys',
    'issuer: a, jwksUri: https://a.example.com/keys, jwks: x',
    `error FW0007 ${at}: expected at most one of jwksUri, jwks, found jwksUri and jwks`,
  );
  check(
    'fetches keys over HTTP',
    'issuer: a, jwksUri: http://a/b',
    'issuer: a, jwksUri: file:///a',
    `error FW2201 ${at}.jwksUri: expected an http or https URL, found "file:///a"`,
  );
  check(
    'holds keys',
    `issuer: a, jwks: '{"keys": []}'`,
    'issuer: a, jwks: "{}"',
    `error FW2201 ${at}.jwks: expected a JSON Web Key Set, found something else`,
  );
  check(
    'looks for tokens in places with names',
    'issuer: a, audiences: [b], fromHeaders: [{name: x}], fromParams: [t], fromCookies: [c], timeout: 1s',
    'issuer: a, audiences: [""], fromHeaders: [{prefix: x}], fromParams: [""], fromCookies: [""], timeout: 0s',
    `error FW2201 ${at}.audiences[0]: expected a text, found an empty one`,
    `error FW2201 ${at}.fromParams[0]: expected a text, found an empty one`,
    `error FW2201 ${at}.fromCookies[0]: expected a text, found an empty one`,
    `error FW2201 ${at}.fromHeaders[0]: expected the name of a header, found none`,
    `error FW2201 ${at}.timeout: expected at least 1ms, in whole milliseconds, found 0ms`,
  );
  check(
    'passes claims on as headers',
    'issuer: a, outputClaimToHeaders: [{header: x-sub, claim: sub}]',
    'issuer: a, outputClaimToHeaders: [{header: x y}]',
    `error FW2201 ${at}.outputClaimToHeaders[0].claim: expected the name of a claim, found none`,
    `error FW2201 ${at}.outputClaimToHeaders[0].header: expected the name of a header, found "x y"`,
  );
});
