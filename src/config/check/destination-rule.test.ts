import { describe } from 'node:test';
import { neighbours } from '../../../test/support/neighbours.ts';

const check = neighbours('DestinationRule', (part) => part);
const policy = neighbours('DestinationRule', (part) => `host: a\ntrafficPolicy: {${part}}`);
const at = 'spec.trafficPolicy';

describe('a DestinationRule', () => {
  check(
    'is for a host or a wildcard',
    "host: '*.example.com'",
    'host: 10.0.0.1',
    'error FW0201 spec.host: expected the name of a service or a wildcard, found "10.0.0.1"',
  );
  check(
    'names its subsets, each once',
    'host: a\nsubsets: [{name: v1}, {name: v2}]',
    'host: a\nsubsets: [{name: v1}, {name: v1}, {name: v_1}, {name: ""}]',
    'error FW0203 spec.subsets[1].name: expected each name once, found v1 again',
    'error FW0203 spec.subsets[2].name: expected a name of letters, digits and dashes, found "v_1"',
    'error FW0203 spec.subsets[3].name: expected a name of letters, digits and dashes, found ""',
  );
  check(
    'has subsets of labels that workloads can have',
    'host: a\nsubsets: [{name: v1, labels: {app.kubernetes.io/version: "1"}}]',
    `host: a\nsubsets: [{name: v1, labels: {"a//b": "1", c: ${'x'.repeat(64)}}}]`,
    'error FW0016 spec.subsets[0].labels.a//b: expected the key of a Kubernetes label, found "a//b"',
    `error FW0016 spec.subsets[0].labels.c: expected the value of a Kubernetes label, found "${'x'.repeat(64)}"`,
  );
  check(
    'has policies for subsets',
    'host: a\nsubsets: [{name: v1, trafficPolicy: {loadBalancer: {simple: RANDOM}}}]',
    'host: a\nsubsets: [{name: v1, trafficPolicy: {}}]',
    'error FW0202 spec.subsets[0].trafficPolicy: expected at least one setting, found none',
  );
  const failover = 'loadBalancer: {localityLbSetting: {failover: [{from: eu, to: us}]}}';
  check(
    'has outlier detection for subsets that fail over, which may stand above them',
    `host: a\ntrafficPolicy: {outlierDetection: {interval: 1s}}\nsubsets: [{name: v1, trafficPolicy: {${failover}}}]`,
    `host: a\ntrafficPolicy: {outlierDetection: {interval: 1s}, portLevelSettings: [{port: {number: 80}, ${failover}}]}\nsubsets: [{name: v1}]`,
    'warning FW0204 spec.trafficPolicy.portLevelSettings[0].loadBalancer.localityLbSetting: expected outlierDetection beside it, found none: without it nothing fails over to other localities',
  );
  check(
    'for some workloads is for those of its namespace',
    'host: a\nexportTo: [shop]\nworkloadSelector: {matchLabels: {app: b}}',
    "host: a\nexportTo: ['*']\nworkloadSelector: {matchLabels: {app: b}}",
    'error FW0210 spec.exportTo: expected only . beside a workloadSelector, found *',
  );
  check(
    'selects workloads by labels',
    'host: a\nworkloadSelector: {matchLabels: {app: b}}',
    'host: a\nworkloadSelector: {matchLabels: {app: "b*"}}',
    'error FW0016 spec.workloadSelector.matchLabels.app: expected a label without wildcards, found app=b*',
  );
  check(
    'does not select all workloads',
    'host: a',
    'host: a\nworkloadSelector: {}',
    'warning FW0016 spec.workloadSelector.matchLabels: expected labels, found none: every workload of the namespace is selected',
  );
});

describe('a traffic policy', () => {
  policy(
    'has settings',
    'loadBalancer: {simple: RANDOM}',
    '',
    `error FW0202 ${at}: expected at least one setting, found none`,
  );
  policy(
    'has settings for ports',
    'portLevelSettings: [{port: {number: 80}, tls: {mode: SIMPLE}}, {port: {number: 81}, tls: {mode: DISABLE}}]',
    'portLevelSettings: [{port: {number: 80}, tls: {}}, {port: {number: 80}, tls: {}}, {tls: {}}, {port: {}, tls: {}}, {port: {number: 1}}]',
    `warning FW0208 ${at}.portLevelSettings[1].port: expected each port once, found 80 again: the first counts`,
    `error FW0208 ${at}.portLevelSettings[2]: expected port, found none`,
    `warning FW0208 ${at}.portLevelSettings[3].port: expected the number of a port, found none: the settings have no effect`,
    `error FW0208 ${at}.portLevelSettings[4]: expected at least one setting, found none`,
  );
  policy(
    'tunnels or speaks the PROXY protocol',
    'tunnel: {protocol: POST, targetHost: b.example.com, targetPort: 443}',
    'tunnel: {targetHost: b, targetPort: 443}, proxyProtocol: {version: V1}',
    `error FW0209 ${at}: expected one of tunnel and proxyProtocol, found both`,
  );
  policy(
    'tunnels to a host and a port',
    'tunnel: {targetHost: 10.0.0.1, targetPort: 443}',
    'tunnel: {protocol: GET, targetHost: "*.b", targetPort: 0}',
    `error FW0209 ${at}.tunnel.protocol: expected CONNECT or POST, found "GET"`,
    `error FW0209 ${at}.tunnel.targetHost: expected a DNS name or IP address, found "*.b"`,
    `error FW0209 ${at}.tunnel.targetPort: expected a port from 1 to 65535, found 0`,
  );
  policy(
    'has a retry budget in percent',
    'retryBudget: {percent: 20}',
    'retryBudget: {percent: 120}',
    `error FW0205 ${at}.retryBudget.percent: expected a percentage from 0 to 100, found 120`,
  );
});

describe('the TLS of a client', () => {
  const check = neighbours(
    'DestinationRule',
    (part) => `host: a\nworkloadSelector: {matchLabels: {a: b}}\ntrafficPolicy: {tls: {${part}}}`,
  );
  const tls = `FW0207 ${at}.tls: expected`;
  check(
    'shows a certificate for mode MUTUAL',
    'mode: MUTUAL, clientCertificate: /c, privateKey: /k',
    'mode: MUTUAL, clientCertificate: /c',
    `error ${tls} clientCertificate and privateKey, or credentialName, for mode MUTUAL`,
  );
  check(
    'has certificates from one source',
    'mode: SIMPLE, credentialName: c',
    'mode: SIMPLE, credentialName: c, caCrl: /r',
    `error ${tls} credentialName or certificate files, found both`,
  );
  check(
    'has those of the mesh for mode ISTIO_MUTUAL',
    'mode: SIMPLE, caCertificates: /ca',
    'mode: ISTIO_MUTUAL, caCertificates: /ca',
    `warning FW0009 ${at}.tls.mode: ISTIO_MUTUAL is not executed by this version: connections are not encrypted`,
    `warning ${tls} no certificates for mode ISTIO_MUTUAL, which uses those of the mesh: they have no effect`,
  );
  check(
    'checks nothing when told so',
    'mode: MUTUAL, credentialName: c, insecureSkipVerify: true',
    'mode: SIMPLE, credentialName: c, insecureSkipVerify: true, subjectAltNames: [b]',
    `error ${tls} no subjectAltNames and credentialName beside insecureSkipVerify, which checks nothing`,
  );
  neighbours('DestinationRule', (part) => `host: a\ntrafficPolicy: {tls: {mode: SIMPLE, ${part}}}`)(
    'comes from Secrets for the workloads that the rule selects',
    'caCertificates: /ca',
    'credentialName: c',
    `warning ${tls.replace(': expected', '.credentialName: expected')} a workloadSelector beside it, found none: only gateways use TLS then, sidecars connect without`,
  );
});
