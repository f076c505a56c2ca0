/** The form of Telemetry and WasmPlugin objects, which nothing is executed of yet. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { problemsOf } from '../../test/support/decode-spec.ts';
import type { Kind } from './kinds.ts';

function check(name: string, kind: Kind, spec: string, expected: readonly string[]): void {
  it(name, () => assert.deepEqual(problemsOf(kind, spec).slice(0, -1), expected));
}

describe('a Telemetry', () => {
  check(
    'says what is told about requests',
    'Telemetry',
    `selector: {matchLabels: {app: reviews}}
tracing:
- providers: [{name: zipkin}]
  randomSamplingPercentage: 1.5
  customTags: {version: {literal: {value: v1}}, user: {header: {name: x-user, defaultValue: nobody}}}
metrics:
- overrides:
  - match: {metric: REQUEST_COUNT, mode: SERVER}
    tagOverrides: {path: {operation: UPSERT, value: request.url_path}, host: {operation: REMOVE}}
accessLogging:
- match: {mode: CLIENT}
  filter: {expression: response.code >= 500}`,
    [],
  );
  check('has only known metrics', 'Telemetry', 'metrics: [{overrides: [{match: {metric: REQUESTS}}]}]', [
    'error FW0005 spec.metrics[0].overrides[0].match.metric: expected one of ALL_METRICS, REQUEST_COUNT, REQUEST_DURATION, REQUEST_SIZE, RESPONSE_SIZE, TCP_OPENED_CONNECTIONS, TCP_CLOSED_CONNECTIONS, TCP_SENT_BYTES, TCP_RECEIVED_BYTES, GRPC_REQUEST_MESSAGES, GRPC_RESPONSE_MESSAGES, found "REQUESTS"',
  ]);
  check(
    'takes a tag from one place',
    'Telemetry',
    'tracing: [{customTags: {a: {literal: {value: x}, header: {name: y}}}}]',
    [
      'error FW0007 spec.tracing[0].customTags.a: expected at most one of literal, environment, header, formatter, found literal and header',
    ],
  );
});

describe('a WasmPlugin', () => {
  check(
    'adds a filter',
    'WasmPlugin',
    `url: oci://registry.example/filter:1
phase: AUTHN
pluginConfig: {anything: [1, {of: its own}]}
vmConfig: {env: [{name: ZONE, valueFrom: HOST}]}
match: [{mode: SERVER, ports: [{number: 80}]}]`,
    [],
  );
  check('says where its module is', 'WasmPlugin', 'phase: LAST', [
    'error FW0005 spec.phase: expected one of UNSPECIFIED_PHASE, AUTHN, AUTHZ, STATS, found "LAST"',
    'error FW0006 spec: expected the field url, found none',
  ]);
});
