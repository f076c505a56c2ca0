import assert from 'node:assert/strict';
import { it } from 'node:test';
import { objectIn } from '../../test/support/objects.ts';
import { problemLine } from '../../test/support/problem-line.ts';
import { foreignProblems } from './foreign-object.ts';

function check(name: string, apiVersion: string, kind: string, expected: readonly string[]): void {
  const object = objectIn(`apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: a}\n`);
  it(name, () => assert.deepEqual(foreignProblems(object).map(problemLine), expected));
}

check('objects of Kubernetes that say nothing of traffic are passed over', 'apps/v1', 'Deployment', []);
check('and so are those of the core group', 'v1', 'ConfigMap', []);
check('an Ingress is traffic, and not executed', 'networking.k8s.io/v1', 'Ingress', [
  'warning FW0009: Ingress of networking.k8s.io is not executed by this version',
]);
check('a NetworkPolicy is not ours', 'networking.k8s.io/v1', 'NetworkPolicy', []);
check('the Gateway API is not executed', 'gateway.networking.k8s.io/v1', 'HTTPRoute', [
  'warning FW0009: HTTPRoute of gateway.networking.k8s.io is not executed by this version',
]);
check('a kind that is written almost like a known one was meant to be it', 'networking.istio.io/v1', 'DestinationRul', [
  'warning FW0002: expected a known kind such as DestinationRule, found DestinationRul of networking.istio.io/v1',
]);
check('another kind is told which there are', 'example.com/v1', 'Thing', [
  'warning FW0002: expected a kind of Kubernetes or one of VirtualService, DestinationRule, ServiceEntry, WorkloadEntry, Gateway, Sidecar, EnvoyFilter, WorkloadGroup, ProxyConfig, PeerAuthentication, RequestAuthentication, AuthorizationPolicy, Telemetry, WasmPlugin, found Thing of example.com/v1',
]);
