/** The adapter of examples/registries/http-json shows what every registry has to show. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { behaviours, catalogRows, type WantedInstance, type World } from 'fairway/conformance';
import { createCatalog } from '../../examples/registries/http-json/http-json.ts';

interface Service {
  readonly name: string;
  readonly port: unknown;
  readonly instances: readonly object[];
}

/** A registry in memory. What goes wrong with it goes wrong with its answers. */
async function openWorld(): Promise<World> {
  const services = new Map<string, Service>();
  let version = 0;
  let answer: ((response: ServerResponse) => void) | undefined;
  const change = async (happen: () => void) => {
    happen();
    version += 1;
  };
  const server = createServer((request, response) => {
    if (answer !== undefined) answer(response);
    else if (request.headers['if-none-match'] === `"${version}"`) response.writeHead(304).end();
    else response.setHeader('etag', `"${version}"`).end(JSON.stringify({ services: [...services.values()] }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/services?namespace=shop&interval=20ms`;
  const log = { error() {}, warn() {}, info() {}, debug() {} };
  return {
    source: () => catalogRows(createCatalog(url, { log, domainSuffix: 'cluster.local', userAgent: 'test' })),
    hostname: (name) => `${name}.shop.svc.cluster.local`,
    put: (name, instances) => change(() => services.set(name, { name, port: 80, instances: instances.map(toJson) })),
    remove: (name) => change(() => services.delete(name)),
    async breakConnection() {
      answer = (response) => response.destroy();
      server.closeAllConnections();
    },
    async garble() {
      answer = (response) => response.end('<html>It works!</html>');
    },
    async mendConnection() {
      answer = undefined;
    },
    reorder: () =>
      change(() => {
        const reversed = [...services].reverse();
        services.clear();
        for (const [name, service] of reversed)
          services.set(name, { ...service, instances: [...service.instances].reverse() });
      }),
    putBroken: (name) => change(() => services.set(name, { name, port: 'eighty', instances: [] })),
    loseState: () => change(() => services.clear()),
    cannot: {},
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function toJson({ isHealthy, ...instance }: WantedInstance): object {
  return { ...instance, healthy: isHealthy };
}

describe('a registry of HTTP and JSON', () => {
  for (const { name, check } of behaviours)
    it(name, async (test) => {
      const world = await openWorld();
      test.after(() => world.close());
      const outcome = await check(world);
      if (outcome !== undefined) test.skip(outcome.skipped);
    });
});
