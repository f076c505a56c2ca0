import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { analysisOf, object, pod, service, slice } from '../../test/support/mesh.ts';
import { changesIn } from '../../test/support/objects.ts';
import { ControlPlane } from '../control-plane.ts';
import { silent } from '../lib/log.ts';
import { createAnalyses } from './analysis.ts';

/** One service with its rules and its pod, in a namespace of its own. */
function part(i: number, weight = 1): readonly string[] {
  const namespace = `n${i}`;
  return [
    service(`${namespace}/a`, 'http: 80', 'selector: {app: a}'),
    pod(`${namespace}/a1`, 'app: a, version: v1'),
    slice(`${namespace}/a`, 'http: 8080', 'a1'),
    object('DestinationRule', `${namespace}/d`, '{host: a, subsets: [{name: v1, labels: {version: v1}}]}'),
    object(
      'VirtualService',
      `${namespace}/x`,
      `{hosts: [a], gateways: [mesh, edge], http: [{route: [{destination: {host: a, subset: v1}, weight: ${weight}}]}]}`,
    ),
    object(
      'Gateway',
      `${namespace}/edge`,
      `{selector: {istio: edge-${i}}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example.com]}]}`,
    ),
    object('Sidecar', `${namespace}/s`, '{workloadSelector: {labels: {app: a}}, egress: [{hosts: ["./*"]}]}'),
  ];
}

/** How many cells of analyzers are computed when one thing changes in a mesh of `size` parts that is watched as a whole. */
function costOf(size: number, ...change: readonly string[]): number {
  let computed = 0;
  const controlPlane = new ControlPlane({
    log: silent,
    cluster: 'Kubernetes',
    domainSuffix: 'cluster.local',
    onCompute: (query) => {
      if (query.startsWith('analysis.')) computed += 1;
    },
  });
  const { graph } = controlPlane;
  const analyses = createAnalyses(graph, controlPlane.mesh);
  controlPlane.apply(Array.from({ length: size }, (_, i) => changesIn(part(i).join('---\n'))).flat());
  controlPlane.commit();
  for (const { table, diagnoses } of analyses)
    for (const [key] of [...graph.rows(table)]) graph.watch(diagnoses, key, () => {});
  computed = 0;
  controlPlane.apply(changesIn(change.join('---\n')));
  controlPlane.commit();
  return computed;
}

describe('the analysis of a mesh', () => {
  function check(name: string, ...change: readonly string[]): void {
    it(`costs the same in a small and in a large mesh when ${name} changes`, () => {
      const [small, large] = [costOf(5, ...change), costOf(25, ...change)];
      assert.ok(small > 0);
      assert.equal(large, small);
    });
  }
  const [, , endpoints = '', rule = ''] = part(1);
  check('a VirtualService', part(1, 2)[4] ?? '');
  check('a DestinationRule', rule.replace('version: v1', 'version: v2'));
  check('an endpoint', endpoints.replace('10.1.0.0', '10.1.0.9'));
  check('the label of a pod', pod('n1/a1', 'app: a, version: v3'));

  it('does not depend on the order of objects', () => {
    const objects = [
      ...part(1),
      object('VirtualService', 'n1/y', '{hosts: [a], http: [{route: [{destination: {host: b, subset: v9}}]}]}'),
      object('DestinationRule', 'n1/e', '{host: a, subsets: [{name: v1}]}'),
      object('Sidecar', 'n1/t', '{workloadSelector: {labels: {app: a}}, egress: [{hosts: ["other/*"]}]}'),
    ];
    const found = analysisOf(...objects);
    assert.ok(found.length > 5);
    assert.deepEqual([...analysisOf(...[...objects].reverse())].sort(), [...found].sort());
  });
});
