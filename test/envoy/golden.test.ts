/**
 * Every golden's whole configuration is accepted by a real Envoy, in one run: `envoy --mode validate` over all of them. In
 * one static configuration names and addresses must be distinct, and what comes over xDS has to stand where it is used;
 * nothing else is changed.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { type Json, resourceJson } from '../../src/resource/json.ts';
import { clusterType, endpointType, listenerType, routeType } from '../../src/resource/types.ts';
import { type Golden, goldens } from '../support/golden.ts';
import { resourcesOf } from '../support/golden-output.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { describeWithEnvoy } from './support/suite.ts';

type Fields = { readonly [field: string]: Json };

interface Collected {
  readonly clusters: Fields[];
  readonly listeners: Fields[];
}

function collect(golden: Golden, into: Collected): void {
  const resources = resourcesOf(golden);
  const all = (type: string) =>
    (resources.get(type) ?? []).map((resource) => {
      const { '@type': _, ...json } = resourceJson(resource) as Fields;
      return json;
    });
  const named = (name: Json | undefined, what = '') => `${golden.name}${what}: ${name}`;
  for (const cluster of all(clusterType)) into.clusters.push({ ...cluster, name: named(cluster.name) });
  for (const assignment of all(endpointType)) {
    const name = named(assignment.clusterName, ' endpoints');
    into.clusters.push({ name, type: 'STATIC', loadAssignment: { ...assignment, clusterName: name } });
  }
  const routes = new Map(all(routeType).map((one) => [one.name, one]));
  for (const listener of all(listenerType)) {
    const { additionalAddresses, ...rest } = withRoutes(listener, routes) as Fields;
    into.listeners.push({
      ...rest,
      name: named(listener.name),
      address: addressOf(into.listeners.length, 0),
      ...(additionalAddresses === undefined
        ? {}
        : { additionalAddresses: [{ address: addressOf(into.listeners.length, 1) }] }),
    });
  }
}

/** An address that no other listener has; nothing is bound. */
function addressOf(index: number, more: 0 | 1): Fields {
  return {
    socketAddress: { address: `127.${100 + more}.${Math.floor(index / 250)}.${(index % 250) + 1}`, portValue: 1 },
  };
}

/** RouteConfigurations stand in the connection managers that ask for them. */
function withRoutes(json: Json, routes: ReadonlyMap<Json | undefined, Fields>): Json {
  if (Array.isArray(json)) return json.map((item) => withRoutes(item, routes));
  if (typeof json !== 'object' || json === null) return json;
  const { rds, ...rest } = json as Fields;
  const fields = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, withRoutes(value, routes)]));
  if (rds === undefined) return fields;
  const routeConfig = routes.get((rds as Fields).routeConfigName);
  return routeConfig === undefined ? { ...fields, rds } : { ...fields, routeConfig };
}

function bootstrapOf({ clusters, listeners }: Collected): object {
  const server = (name: string) => ({ name, connectTimeout: '1s', typedExtensionProtocolOptions: http2 });
  return {
    node: { id: 'golden', cluster: 'golden' },
    dynamicResources: { adsConfig: { apiType: 'GRPC', grpcServices: [{ envoyGrpc: { clusterName: 'xds-grpc' } }] } },
    staticResources: { clusters: [server('xds-grpc'), server('sds-grpc'), ...clusters], listeners },
  };
}

const http2 = {
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
    '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
    explicitHttpConfig: { http2ProtocolOptions: {} },
  },
};

describeWithEnvoy('goldens', ({ path }) => {
  it('are accepted by Envoy', (test) => {
    const all: Collected = { clusters: [], listeners: [] };
    for (const golden of goldens()) collect(golden, all);
    assert.ok(all.listeners.length > 200 && all.clusters.length > 400, 'expected many resources');
    const file = join(tempFolder(test).path, 'envoy.json');
    writeFileSync(file, JSON.stringify(bootstrapOf(all)));
    const { status, stderr } = spawnSync(path, ['--mode', 'validate', '-c', file, '--log-level', 'error'], {
      encoding: 'utf8',
      // Access logs open /dev/stdout, which a socket would not let them.
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: 60_000,
    });
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  });
});
