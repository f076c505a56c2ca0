/** Random routes and requests: Envoy chooses the route, and does with the request, what the evaluator says. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { after, before, it } from 'node:test';
import fc from 'fast-check';
import { decodeAny } from '../../src/descriptors/decode.ts';
import { type Configuration, configurationOf } from '../../src/evaluate/configuration.ts';
import { evaluate } from '../../src/evaluate/evaluate.ts';
import type { Outcome } from '../../src/evaluate/outcome.ts';
import { Cluster } from '../../src/proto/envoy/config/cluster/v3/cluster.ts';
import { Listener } from '../../src/proto/envoy/config/listener/v3/listener.ts';
import type { AddressBlock } from '../../src/up/address-block.ts';
import { messageOf } from '../support/envoy-messages.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { manager, rawRequest } from './support/random-routes.ts';
import { askRaw, type RawAnswer } from './support/raw-http.ts';
import { type StaticEnvoy, startStaticEnvoy } from './support/static-envoy.ts';
import { describeWithEnvoy } from './support/suite.ts';
import { takeTestBlock } from './support/test-blocks.ts';

/** The same routes and requests in every run. */
const seed = 20_260_824;
const managerCount = 30;
const requestCount = 3000;
const echoPort = 19_999;

const filters = 'type.googleapis.com/envoy.extensions.filters';

function listenersAt(address: string): readonly object[] {
  return fc.sample(manager, { seed, numRuns: managerCount }).map((one, i) => ({
    name: `listener ${i}`,
    address: { socketAddress: { address, portValue: 20_000 + i } },
    filterChains: [
      {
        filters: [
          {
            name: 'http',
            typedConfig: {
              '@type': `${filters}.network.http_connection_manager.v3.HttpConnectionManager`,
              statPrefix: 'x',
              httpFilters: [{ name: 'router', typedConfig: { '@type': `${filters}.http.router.v3.Router` } }],
              ...one,
            },
          },
        ],
      },
    ],
  }));
}

function echoCluster(address: string): object {
  const endpoint = { address: { socketAddress: { address, portValue: echoPort } } };
  return { name: 'echo', loadAssignment: { clusterName: 'echo', endpoints: [{ lbEndpoints: [{ endpoint }] }] } };
}

/** Says what it receives: by which route, for which host and path. */
async function startEcho(address: string): Promise<Server> {
  const server = createServer(({ headers, url }, response) => {
    const body = `${headers['x-route']} to ${headers.host} ${url}`;
    response.end(body);
  });
  server.listen(echoPort, address);
  await once(server, 'listening');
  return server;
}

/** What became of a request, in words. */
function told({ status, location, body }: RawAnswer): string {
  return location !== undefined ? `${status} ${location}` : status === 200 ? body : String(status);
}

function foretold({ steps, result }: Outcome): string {
  if (result.kind === 'answered') {
    const { status, location, body = '' } = result;
    return told({ status, body, ...(location === undefined ? {} : { location }) });
  }
  if (result.kind !== 'forwarded') return result.kind;
  const route = steps.findLast(({ stage }) => stage === 'route')?.chosen;
  return `${route} to ${result.shares[0]?.effects?.authority} ${result.effects?.path}`;
}

describeWithEnvoy('the route of a request', ({ path: program }) => {
  let block: AddressBlock;
  let echo: Server;
  let envoy: StaticEnvoy;
  let configuration: Configuration;
  before(async () => {
    block = await takeTestBlock();
    const address = block.at(0, 1);
    const listeners = listenersAt(address);
    const clusters = [echoCluster(address)];
    echo = await startEcho(address);
    envoy = await startStaticEnvoy({
      program,
      folder: tempFolder({ after }).path,
      address,
      resources: { listeners, clusters },
    });
    configuration = configurationOf(
      {
        listeners: listeners.map((one) => messageOf(Listener, one)),
        clusters: clusters.map((one) => messageOf(Cluster, one)),
      },
      decodeAny,
    );
  });
  after(async () => {
    await envoy?.stop();
    echo?.close();
    block?.release();
  });

  it(`is the one that Envoy chooses, ${requestCount} times`, async () => {
    const host = block.at(0, 1);
    const found: unknown[] = [];
    const expected: unknown[] = [];
    for (const [i, request] of fc.sample(rawRequest, { seed, numRuns: requestCount }).entries()) {
      const port = 20_000 + (i % managerCount);
      const call = {
        destination: { ip: host, port },
        payload: { kind: 'http', version: 'http/1.1', ...request },
      } as const;
      found.push([i, request, foretold(evaluate(configuration, call))]);
      expected.push([i, request, told(await askRaw(host, port, request))]);
    }
    assert.deepEqual(found, expected);
    assert.ok(
      new Set(expected.map((one) => (one as readonly string[])[2])).size > 400,
      'expected many different outcomes',
    );
  });
});
