/** Prometheus asks the agent of a pod: what it gets of Envoy, of the application and of the agent itself. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { describeWithEnvoy } from '../envoy/support/suite.ts';
import { startGateway, untilAnswer } from './support/proxy.ts';

const asText = '# TYPE orders_total counter\norders_total 7\n';
const asOpenMetrics = '# TYPE orders counter\norders_total 7 # {trace_id="abc"} 1\n# EOF\n';
const openMetrics = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
const prometheus = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';

/** An application with metrics in the format that is asked for. */
async function startMetrics(context: TestContext) {
  const server = createServer((request, response) => {
    const isOpen = request.headers.accept?.startsWith('application/openmetrics-text') === true;
    response.setHeader('content-type', isOpen ? openMetrics : 'text/plain; version=0.0.4');
    if (request.url !== '/stats') response.statusCode = 404;
    response.end(isOpen ? asOpenMetrics : asText);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    server.close();
    server.closeAllConnections();
  };
  context.after(close);
  const { port } = server.address() as AddressInfo;
  const annotations = (path: string) => JSON.stringify({ scrape: 'true', port: String(port), path });
  return { annotations, close };
}

async function started(context: TestContext, ISTIO_PROMETHEUS_ANNOTATIONS: string) {
  const { ports, ask } = await startGateway(context, { env: { ISTIO_PROMETHEUS_ANNOTATIONS } });
  const scrape = async (accept?: string) => {
    const headers = accept === undefined ? {} : { accept };
    const response = await fetch(`http://127.0.0.1:${ports.agent}/stats/prometheus`, { headers });
    return { type: response.headers.get('content-type'), text: await response.text() };
  };
  return { ports, ask, scrape };
}

describeWithEnvoy('metrics of a pod', () => {
  test('are those of application, Envoy and agent, as text', async (context) => {
    const { annotations } = await startMetrics(context);
    const { scrape } = await started(context, annotations('/stats'));
    const { type, text } = await scrape('text/plain;version=0.0.4');
    assert.equal(type, 'text/plain; version=0.0.4; charset=utf-8');
    assert.match(text, /^orders_total 7$/m);
    assert.match(text, /^envoy_server_live\{\} 1$/m);
    assert.match(text, /^fairway_agent_envoy_restarts_total 0$/m);
    assert.doesNotMatch(text, /# EOF|trace_id/);
  });

  test('are OpenMetrics, with exemplars, for who accepts that', async (context) => {
    const { annotations } = await startMetrics(context);
    const { scrape } = await started(context, annotations('/stats'));
    const { type, text } = await scrape(prometheus);
    assert.equal(type, openMetrics);
    assert.match(text, /^orders_total 7 # \{trace_id="abc"\} 1$/m);
    assert.match(text, /^envoy_server_live\{\} 1$/m);
    assert.match(text, /^# TYPE fairway_agent_envoy_restarts counter$/m);
    assert.deepEqual(
      text.split('\n').filter((line) => !openMetricsLine.test(line)),
      [''],
    );
    assert.deepEqual([text.match(/# EOF/g)?.length, text.endsWith('# EOF\n')], [1, true]);
  });

  test('are there without an application that does not answer, which is counted', async (context) => {
    const { annotations, close } = await startMetrics(context);
    const { scrape } = await started(context, annotations('/stats'));
    await close();
    await scrape();
    const { type, text } = await scrape(prometheus);
    assert.equal(type, 'text/plain; version=0.0.4; charset=utf-8');
    assert.match(text, /^envoy_server_live\{\} 1$/m);
    assert.match(text, /^fairway_agent_scrape_failures_total\{source="application"\} [12]$/m);
    assert.doesNotMatch(text, /orders/);
  });

  test('are there without what an application says with an error', async (context) => {
    const { annotations } = await startMetrics(context);
    const { scrape } = await started(context, annotations('/elsewhere'));
    const { text } = await scrape();
    assert.match(text, /^envoy_server_live\{\} 1$/m);
    assert.doesNotMatch(text, /orders/);
  });

  test('lack what nothing has happened to, unless a filter asks for it', async (context) => {
    const { ports, scrape, ask } = await started(context, '');
    const unused = /^envoy_cluster_upstream_rq_pending_overflow/m;
    await untilAnswer(() => ask(ports.prometheus, '/stats/prometheus'), 200);
    const { text } = await scrape();
    const { body } = await ask(ports.prometheus, '/stats/prometheus');
    const { body: asked } = await ask(ports.prometheus, '/stats/prometheus?filter=pending_overflow');
    const used = /^envoy_http_downstream_rq_total\{.*\} [1-9]/m;
    const has = (page: string) => [used.test(page), unused.test(page)];
    assert.deepEqual([text, body, asked].map(has), [
      [true, false],
      [true, false],
      [false, true],
    ]);
  });

  test("are Envoy's alone at a port of its own, at one path", async (context) => {
    const { ports, ask } = await started(context, '');
    await untilAnswer(() => ask(ports.prometheus, '/stats/prometheus'), 200);
    const { body } = await ask(ports.prometheus, '/stats/prometheus');
    assert.match(body, /^envoy_server_live\{\} 1$/m);
    assert.doesNotMatch(body, /^fairway_agent/m);
    for (const path of ['/stats/prometheus/../../quitquitquit', '/config_dump', '/'])
      assert.equal((await ask(ports.prometheus, path)).status, 404);
  });
});

/** https://github.com/prometheus/OpenMetrics: a remark that it knows, or a sample with labels, value, time and exemplar. */
const openMetricsLine =
  /^(# EOF|# TYPE [\w:]+ (counter|gauge|histogram|summary|unknown|info|stateset|gaugehistogram)|# HELP [\w:]+ .*|[\w:]+(\{.*\})? \S+( [\d.]+)?( # \{.*\} \S+( [\d.]+)?)?)$/;
