import { describe } from 'node:test';
import { neighbours } from '../../../test/support/neighbours.ts';

const whole = (match: string, top = '') =>
  `hosts: [a]\n${top}\nhttp: [{match: [{${match}}], route: [{destination: {host: a}}]}]`;
const check = neighbours('VirtualService', (part) => whole(part));
const edge = neighbours('VirtualService', (part) => whole('headers: {"@request.auth.claims.sub": {exact: x}}', part));
const at = 'spec.http[0].match[0]';

describe('a match of an HTTP route', () => {
  check(
    'has prefixes with something in them, but for the path',
    'uri: {prefix: ""}, method: {prefix: G}, headers: {x: {}}',
    'method: {prefix: ""}, queryParams: {q: {prefix: ""}}, withoutHeaders: {x: {prefix: ""}}',
    `error FW0107 ${at}.method.prefix: expected a prefix, found an empty text`,
    `error FW0107 ${at}.withoutHeaders.x.prefix: expected a prefix, found an empty text`,
    `error FW0107 ${at}.queryParams.q.prefix: expected a prefix, found an empty text`,
  );
  check(
    'has regular expressions of RE2',
    'uri: {regex: "/a.*"}, withoutHeaders: {x: {regex: "*"}}',
    'uri: {regex: "*"}, authority: {regex: ""}',
    `error FW0108 ${at}.uri.regex: expected a regular expression of RE2's syntax, found "*": error parsing regexp: missing argument to repetition operator: \`*\``,
    `error FW0108 ${at}.authority.regex: expected a regular expression, found an empty text`,
  );
  check(
    'names headers by letters, digits, dashes and underscores',
    'headers: {x-a_b: {}}',
    'headers: {"x.y": {}, "": {}}, withoutHeaders: {"@request.auth.claims": {exact: a}}',
    `error FW0107 ${at}.headers["x.y"]: expected the name of a header, found "x.y"`,
    `error FW0107 ${at}.headers[""]: expected the name of a header, found ""`,
    `error FW0107 ${at}.withoutHeaders["@request.auth.claims"]: expected the name of a header, found "@request.auth.claims"`,
  );
  check(
    'asks for a port, labels, a namespace and gateways that can be',
    'port: 0, sourceLabels: {app: a}, sourceNamespace: other, gateways: [mesh]',
    'port: 70000, sourceLabels: {app: "-"}, sourceNamespace: a.b, gateways: ["*"]',
    `error FW0107 ${at}.port: expected a port from 1 to 65535, found 70000`,
    `error FW0016 ${at}.sourceLabels.app: expected the value of a Kubernetes label, found "-"`,
    `error FW0120 ${at}.gateways[0]: expected mesh, a name or namespace/name of a Gateway, found "*"`,
    `error FW0107 ${at}.sourceNamespace: expected the name of a namespace, found "a.b"`,
  );
  edge(
    'asks for JWT claims where gateways have checked them',
    'gateways: [edge]',
    'gateways: [edge, mesh]',
    `error FW0122 ${at}.headers["@request.auth.claims.sub"]: expected JWT claims only in a VirtualService for gateways other than mesh, found some`,
  );
});
