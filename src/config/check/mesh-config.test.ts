import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { problemLine } from '../../../test/support/problem-line.ts';
import { decodeMeshConfig } from '../decode-mesh-config.ts';

function check(rule: string, accepted: string, found: string, ...problems: readonly string[]): void {
  it(rule, () => {
    const problemsIn = (text: string) => decodeMeshConfig(parse(text)).findings.map(problemLine);
    assert.deepEqual(problemsIn(accepted), []);
    assert.deepEqual(problemsIn(found), problems);
  });
}

const duration = 'expected at least 1ms, in whole milliseconds, found';

describe('a MeshConfig', () => {
  check(
    'waits for connections and protocols',
    'connectTimeout: 1h\nprotocolDetectionTimeout: 0s',
    'connectTimeout: 0s\nprotocolDetectionTimeout: 1500us',
    `error FW0701 connectTimeout: ${duration} 0ms`,
    `error FW0701 protocolDetectionTimeout: ${duration} 1.5ms`,
  );
  check(
    'does not wait for ever',
    'connectTimeout: 59m',
    'spec: {meshConfig: {connectTimeout: 61m}}',
    'error FW0701 spec.meshConfig.connectTimeout: expected at most 1h, found 3660000ms',
  );
  check(
    'has policies like any rule',
    'defaultTrafficPolicy: {connectionPool: {tcp: {maxConnections: 1}}}\ndefaultHttpRetryPolicy: {attempts: 1}',
    'defaultTrafficPolicy: {connectionPool: {}, outlierDetection: {interval: 0s}}\ndefaultHttpRetryPolicy: {attempts: -1}',
    'error FW0205 defaultTrafficPolicy.connectionPool: expected tcp or http, found none',
    `error FW0206 defaultTrafficPolicy.outlierDetection.interval: ${duration} 0ms`,
    'error FW0113 defaultHttpRetryPolicy.attempts: expected 0 or more, found -1',
  );
  check(
    'distributes over localities like any rule',
    'localityLbSetting: {failover: [{from: eu, to: us}]}',
    'localityLbSetting: {failover: [{from: eu, to: eu}]}',
    'error FW0204 localityLbSetting.failover[0]: expected two different regions, found "eu" twice',
  );
  check(
    'chooses among the ciphers and curves of Envoy',
    'tlsDefaults: {minProtocolVersion: TLSV1_3, cipherSuites: [ALL, "!AES128-SHA"], ecdhCurves: [P-256, X25519]}',
    'tlsDefaults: {cipherSuites: [AES128-SHA, "!ALL"], ecdhCurves: [P-224, P-256, prime256v1]}',
    "warning FW0701 tlsDefaults.cipherSuites: expected suites to choose from, found that AES128-SHA, !ALL leaves none: Envoy's own are used",
    'warning FW0701 tlsDefaults.ecdhCurves[0]: expected a curve that Envoy has, such as P-256 or X25519, found P-224: it is left out',
    'warning FW0701 tlsDefaults.ecdhCurves[2]: expected each curve once, found prime256v1 again',
  );
  check(
    'names namespaces',
    'rootNamespace: istio-system\ndefaultServiceExportTo: [., shop]',
    "rootNamespace: a.b\ndefaultServiceExportTo: [., '*']\ndefaultVirtualServiceExportTo: [a_b]",
    'error FW0701 rootNamespace: expected the name of a namespace, found "a.b"',
    'error FW0701 defaultServiceExportTo: expected * or ~ alone, found ., *',
    'error FW0701 defaultVirtualServiceExportTo[0]: expected the name of a namespace, ., * or ~, found "a_b"',
  );
  check(
    'names trust domains and hosts, of which nothing comes yet',
    'rootNamespace: a',
    "trustDomain: a_b\ntrustDomainAliases: ['']\nserviceSettings: [{hosts: [a/b]}]",
    'warning FW0009 trustDomain: trustDomain is not executed by this version',
    'warning FW0009 trustDomainAliases: trustDomainAliases is not executed by this version',
    'error FW0701 trustDomain: expected a trust domain such as cluster.local, found "a_b"',
    'error FW0701 trustDomainAliases[0]: expected a trust domain such as cluster.local, found ""',
    'error FW0701 serviceSettings[0].hosts[0]: expected a DNS name or a wildcard, found "a/b"',
  );
  check(
    'logs what Envoy knows',
    'accessLogFormat: "%START_TIME(%s)% %REQ(X-A?X-B):10% 100%%\\n"',
    'accessLogFormat: "%NOSUCH%"',
    'error FW0701 accessLogFormat: expected a command that Envoy knows, found %NOSUCH%',
  );
  check(
    'logs in JSON what Envoy knows',
    `accessLogEncoding: JSON\naccessLogFormat: '{"a": {"b": "%PROTOCOL%"}}'`,
    `accessLogEncoding: JSON\naccessLogFormat: '{"a": {"b": "%NOSUCH%"}}'`,
    'error FW0701 accessLogFormat: expected a command that Envoy knows, found %NOSUCH%',
  );
  check(
    'logs JSON by a JSON object',
    `accessLogEncoding: JSON\naccessLogFormat: '{"a": "%PROTOCOL%"}'`,
    'accessLogEncoding: JSON\naccessLogFormat: "%PROTOCOL%"',
    'warning FW0701 accessLogFormat: expected a JSON object for the encoding JSON, found something else: the default fields are logged',
  );
  check(
    'tells proxies where to go and how much to trace',
    'defaultConfig: {discoveryAddress: "[::1]:15012", statusPort: 15021}',
    'defaultConfig: {discoveryAddress: "istiod", tracing: {sampling: 101}}',
    'warning FW0009 defaultConfig.tracing.sampling: sampling is not executed by this version',
    'error FW0701 defaultConfig.discoveryAddress: expected host:port such as istiod.istio-system.svc:15012, found "istiod"',
    'error FW0701 defaultConfig.tracing.sampling: expected a percentage from 0 to 100, found 101',
  );
});
