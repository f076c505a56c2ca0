/**
 * Whole situations: what users wrote, who asks, and calls with what must become of them. Each call is evaluated on the
 * configuration that Fairway generates, and on the one that the reference generates, as a check of the evaluator itself.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Call, ClientHello, Payload } from '../src/evaluate/call.ts';
import type { Configuration } from '../src/evaluate/configuration.ts';
import { evaluate } from '../src/evaluate/evaluate.ts';
import type { Outcome, Stage } from '../src/evaluate/outcome.ts';
import { configurationIn, resourcesFor } from './support/proxy-configuration.ts';
import { casesWith, controlPlaneFor, proxyOf, type ReferenceCase, referenceFolder } from './support/reference-case.ts';
import { referenceConfiguration } from './support/reference-configuration.ts';

/** Why a case does not come out right yet. One that does is no longer listed. */
const pending: { readonly [name: string]: string } = {
  ...because('gateways made from the Gateway API are not executed', ['tls-route-tlsroute-with-tls-terminate']),
  ...because('PeerAuthentication and mutual TLS are not executed', [
    'inbound-permissive',
    'peer-authentication-global-disable-and-port-9000-strict',
    'peer-authentication-global-disable-and-port-9000-strict-not-in-service',
    'peer-authentication-global-strict',
    'peer-authentication-global-strict-and-port-9000-plaintext',
    'peer-authentication-sidecar-no-service-full-sidecar',
    'peer-authentication-sidecar-no-service-no-sidecar',
    'peer-authentication-sidecar-service-full-sidecar',
    'peer-authentication-sidecar-service-no-sidecar',
    'peer-authentication-sidecar-service-partial-sidecar',
    'sidecar-ingress-tls-sidecar-http-over-mtls-mutual-mode-with-peer-auth-on-port-disabled',
    'sidecar-ingress-tls-sidecar-http-over-tls-simple-mode-with-peer-auth-on-port-disabled',
    'sidecar-ingress-tls-sidecar-http-over-tls-simple-mode-with-peer-auth-on-port-strict',
    'sidecar-ingress-tls-sidecar-tcp-over-mtls-mutual-mode-with-peer-auth-on-port-disabled',
    'sidecar-ingress-tls-sidecar-tcp-over-tls-simple-mode-with-peer-auth-on-port-disabled',
  ]),
};

/** What becomes of the calls where Fairway means to do better than the reference. */
const better: { readonly [name: string]: readonly Expected[] } = {
  // The reference writes two filter chains that match alike, for which Envoy refuses the whole listener.
  'situations/gateway-conflicts-duplicate-tls-gateway': [
    {
      listener: '0.0.0.0_443',
      routeConfiguration: 'https.443.https-ingress.default.default',
      error: 'no route matched',
    },
  ],
};

function because(reason: string, names: readonly string[]): { readonly [name: string]: string } {
  return Object.fromEntries(names.map((name) => [`situations/${name}`, reason]));
}

/** The cases do not say which certificate a client with mTLS shows: the mesh's, but in these that of the listener's own. */
const withOwnCertificate = /-mutual-mode-/;

/** Calls as the cases write them. */
interface WrittenCall {
  readonly name: string;
  readonly call: {
    readonly address: string;
    readonly port: number;
    readonly mode?: 'inbound';
    readonly protocol?: 'http' | 'http2' | 'tcp';
    readonly tls: 'plaintext' | 'tls' | 'mtls';
    readonly alpn?: string;
    readonly sni?: string;
    readonly path: string;
    readonly headers?: { readonly [name: string]: readonly string[] };
  };
  readonly result: Expected & { readonly absentMeansEmpty?: boolean };
  readonly reference: Expected;
}

interface Expected {
  readonly listener?: string;
  readonly filterChain?: string;
  readonly routeConfiguration?: string;
  readonly virtualHost?: string;
  readonly route?: string;
  readonly cluster?: string;
  readonly error?: string;
}

function toCall({ call: written }: WrittenCall, one: ReferenceCase): Call {
  const { address: ip, port, mode, tls, sni, alpn } = written;
  const hello: ClientHello = {
    ...(sni === undefined ? {} : { sni }),
    alpn: alpn === undefined ? [] : [alpn],
    ...(tls === 'mtls' ? { certificate: withOwnCertificate.test(one.name) ? 'asked-for' : 'mesh' } : {}),
  };
  return {
    destination: { ip, port },
    ...(proxyOf(one).type === 'router'
      ? {}
      : { interceptedAt: { ip: '127.0.0.1', port: mode === 'inbound' ? 15006 : 15001 } }),
    ...(tls === 'plaintext' ? {} : { tls: hello }),
    payload: toPayload(written),
  };
}

function toPayload({ protocol, path, headers = {} }: WrittenCall['call']): Payload {
  if (protocol !== 'http' && protocol !== 'http2') return { kind: 'bytes' };
  const authority = headers.Host?.[0] ?? '';
  return {
    kind: 'http',
    version: protocol === 'http2' ? 'h2' : 'http/1.1',
    method: 'GET',
    authority,
    path,
    headers: [],
  };
}

/** An outcome in the cases' words; what is absent there is absent here. */
function summary({ steps, result }: Outcome, { routeConfigurations }: Configuration): Expected {
  const name = (stage: Stage) => steps.findLast((step) => step.stage === stage)?.chosen;
  const routes = name('route configuration') ?? '';
  const fields = {
    listener: name('listener'),
    filterChain: name('filter chain'),
    // One that the connection manager contains has no name of its own in the cases.
    routeConfiguration: routeConfigurations.has(routes) ? routes : undefined,
    virtualHost: name('virtual host'),
    route: name('route'),
    cluster: result.kind === 'forwarded' ? result.shares[0]?.cluster : undefined,
    error: 'error' in result ? result.error : undefined,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== ''));
}

/** The fields of what was found that a case speaks of. */
function spokenOf(found: Expected, { absentMeansEmpty, ...expected }: WrittenCall['result']): [Expected, Expected] {
  if (absentMeansEmpty === true)
    return [
      { ...found, route: '' },
      { ...expected, route: '' },
    ];
  const entries = Object.keys(expected).map((field) => [field, found[field as keyof Expected]]);
  return [Object.fromEntries(entries), expected];
}

/** The reference ran without a domain for the short names of rules: `b` in `default` is its `b.default`. */
function withoutDomain(found: Expected, expected: Expected): Expected {
  const short = found.cluster?.replace('.svc.cluster.local', '');
  return short !== undefined && short === expected.cluster ? { ...found, cluster: short } : found;
}

const cases = casesWith('calls.json');

describe('the calls of whole situations', {
  skip: cases.length === 0 && `no reference cases in ${referenceFolder}`,
}, () => {
  for (const one of cases) {
    const calls: readonly WrittenCall[] = JSON.parse(readFileSync(join(one.folder, 'calls.json'), 'utf8'));
    const outcomes = (configuration: Configuration) =>
      calls.map((call) => summary(evaluate(configuration, toCall(call, one)), configuration));

    it(`${one.name}, as the reference configures it`, () => {
      const found = outcomes(referenceConfiguration(one));
      assert.deepEqual(
        found,
        calls.map(({ reference }) => reference),
      );
    });

    const reason = pending[one.name];
    it(reason === undefined ? one.name : `${one.name}: ${reason}`, () => {
      const found = outcomes(configurationIn(resourcesFor(controlPlaneFor(one), proxyOf(one))));
      const results = better[one.name] ?? calls.map(({ result }) => result);
      const pairs = results.map((result, i) => spokenOf(withoutDomain(found[i] ?? {}, result), result));
      const got = pairs.map(([one]) => one);
      const expected = pairs.map(([, one]) => one);
      if (reason === undefined) assert.deepEqual(got, expected);
      else assert.notDeepEqual(got, expected);
    });
  }
});
