/**
 * For every case of the reference: whatever is called, the same becomes of it here. Calls are made from both configurations
 * and evaluated on both; listener, filter chain, virtual host, route, what happens to the request and the clusters must be
 * the same, however either configuration says it.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Configuration } from '../../src/evaluate/configuration.ts';
import { evaluate } from '../../src/evaluate/evaluate.ts';
import type { Outcome, Stage } from '../../src/evaluate/outcome.ts';
import { probesOf } from '../support/probes.ts';
import { configurationIn, resourcesFor } from '../support/proxy-configuration.ts';
import {
  casesWith,
  controlPlaneFor,
  proxyOf,
  type ReferenceCase,
  referenceFolder,
  textOf,
} from '../support/reference-case.ts';
import { referenceConfiguration } from '../support/reference-configuration.ts';

/** Why cases differ. One that does not any more is no longer listed. */
const different: readonly (readonly [name: RegExp, reason: string])[] = [
  [/^situations\/peer-authentication-(?!global-(permissive|disable$|plaintext))/, 'mutual TLS is not executed yet'],
  [/^situations\/sidecar-ingress-tls-/, 'mutual TLS is not executed yet'],
  [/^gateway-.*\/node-interception-none-sidecar-ingress$/, 'mutual TLS is not executed yet'],
  [/^situations\/routes-httproute-(?!arbitrary|unknown)/, 'the Gateway API is not executed yet'],
  [/^situations\/tls-route-tlsroute-with-tls-terminate$/, 'the Gateway API is not executed yet'],
  [/^destination-.*\/se-k8s-service-wins-over-entry$/, 'better: a port that only the losing entry has is not served'],
  [/^gateway-.*\/mesh-http-proxy-port/, 'better: the ports in hosts are looked at, so that the http_proxy finds any'],
  [/^situations\/gateway-conflicts-duplicate-tls-gateway$/, 'better: chains that match alike are not written'],
  [/^virtual-service\/vs-redirect-code-304-no-action$/, 'better: a status that Envoy cannot send is refused'],
  // One listener for each endpoint asks for its routes, and the answer to the second is empty.
  [/^gateway-.*\/proto-headless-auto$/, 'the reference answers the same name twice'],
  [
    /^virtual-service\/vs-http-rules-ignored-on-tcp-port$/,
    'better: a subset that no rule defines is the whole service',
  ],
];

/** What becomes of a call, without how it came to that. */
function summary({ steps, result }: Outcome): unknown {
  const name = (stage: Stage) => steps.findLast((step) => step.stage === stage)?.chosen;
  const names = (['listener', 'filter chain', 'virtual host', 'route'] as const).map(name);
  if (result.kind !== 'forwarded') return { names, ...result, because: '' };
  const shares = result.shares.map(({ cluster, upstream, ...share }) => ({
    ...share,
    cluster: withoutDomain(cluster),
    // The reference's endpoints are not among its data.
    upstream: upstream.kind === 'endpoints' ? upstream.discovery : upstream,
  }));
  return { names, ...result, shares };
}

/** In its situations the reference had no domain for the short names of rules. */
function withoutDomain(cluster: string): string {
  return cluster.replace('.svc.cluster.local', '');
}

/** The calls that end differently, with both ends. */
function differences(one: ReferenceCase): readonly unknown[] {
  const proxy = proxyOf(one);
  const configurations: readonly [Configuration, Configuration] = [
    configurationIn(resourcesFor(controlPlaneFor(one), proxy)),
    referenceConfiguration(one),
  ];
  const calls = configurations.flatMap((configuration) =>
    probesOf(configuration, { isDirect: proxy.type === 'router' }),
  );
  const distinct = new Map(calls.map((call) => [JSON.stringify(call), call]));
  return [...distinct.values()].flatMap((call) => {
    const [ours, theirs] = configurations.map((configuration) => summary(evaluate(configuration, call)));
    return JSON.stringify(ours) === JSON.stringify(theirs) ? [] : [{ call, ours, theirs }];
  });
}

const cases = casesWith('reference.yaml').filter(
  ({ folder }) => !textOf(folder, 'reference.yaml').startsWith('# Refused'),
);

describe('whatever is called', { skip: cases.length === 0 && `no reference cases in ${referenceFolder}` }, () => {
  for (const one of cases) {
    const reason = different.find(([name]) => name.test(one.name))?.[1];
    it(reason === undefined ? one.name : `${one.name}: ${reason}`, () => {
      const found = differences(one);
      if (reason === undefined) assert.deepEqual(found.slice(0, 3), []);
      else assert.notDeepEqual(found, []);
    });
  }
});
