/** A real apiserver asks the webhook before it stores a rule, and goes on without it while it is away. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { webhookConfiguration } from '../../src/webhook/configuration.ts';
import { until } from '../support/until.ts';
import { authority, certificateOf, type RunningWebhook, runWebhook } from '../webhook/support/webhook.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import { installDefinitions } from './support/definitions.ts';
import { describeWithKubernetes } from './support/suite.ts';

const rule = (weight: number, name = 'reviews', labels = '{}') => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}, namespace: default, labels: ${labels}}
spec: {hosts: [reviews], http: [{route: [{destination: {host: reviews}, weight: ${weight}}]}]}
`;
const configMap = (mesh: string, name = 'istio') => `apiVersion: v1
kind: ConfigMap
metadata: {name: ${name}, namespace: istio-system}
data: {mesh: "${mesh}"}
`;
const weight = 'spec.http[0].route[0].weight: expected a weight of 0 or more, found -1 [FW0106]';
const pair = certificateOf('webhook');

describeWithKubernetes('a webhook that an apiserver asks', () => {
  let cluster: Cluster;
  let webhook: RunningWebhook;
  const cleanups: (() => void | Promise<void>)[] = [];
  const atEnd = { after: (cleanup: () => void | Promise<void>) => void cleanups.push(cleanup) };
  before(async () => {
    cluster = await startCluster();
    webhook = await runWebhook(atEnd, { pair });
    await installDefinitions(cluster);
    await cluster.kubectl(['create', 'namespace', 'istio-system']);
    const configuration = webhookConfiguration({
      name: 'fairway',
      server: { url: `https://localhost:${webhook.port}` },
      authorities: authority.certificate,
      meshConfig: { namespace: 'istio-system', name: 'istio' },
    });
    await cluster.kubectl(['apply', '-f', '-'], JSON.stringify(configuration));
    await until(isAsked, { what: 'the configuration in force', mostMs: 20_000 });
  });
  after(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
    await cluster.stop();
  });

  const apply = (text: string, ...args: readonly string[]) => cluster.kubectl(['apply', '-f', '-', ...args], text);

  /** What kubectl says of an object that is refused. */
  const refusal = (text: string, ...args: readonly string[]): Promise<string | undefined> =>
    apply(text, ...args).then(
      () => undefined,
      (error: Error) => error.message,
    );

  const isAsked = async () => (await refusal(rule(-1, 'tried'), '--dry-run=server'))?.includes(weight) === true;

  test('refuses a wrong rule, and kubectl says why', async () => {
    const said = (await refusal(rule(-1))) ?? '';
    assert.ok(said.includes('admission webhook "rules.validation.fairway.dev" denied the request'), said);
    assert.ok(said.includes(`VirtualService default/reviews: ${weight}`), said);
    assert.ok(said.includes('what to do: docs/errors/FW0106.md'), said);
  });

  test('lets a good rule pass', async () => {
    assert.match(await apply(rule(1)), /created/);
  });

  test('refuses a wrong MeshConfig, and is asked about no other ConfigMap', async () => {
    const said = (await refusal(configMap('outboundTrafficPolicy: {mode: NONE}'))) ?? '';
    assert.ok(
      said.includes('ConfigMap istio-system/istio: data.mesh.outboundTrafficPolicy.mode: expected one of'),
      said,
    );
    const asked = webhook.counted.length;
    assert.match(await apply(configMap('mode: [', 'other')), /created/);
    assert.match(await apply(configMap('accessLogFile: /dev/stdout')), /created/);
    assert.equal(webhook.counted.length, asked + 2);
  });

  test('keeps nobody from work while it is away, and what went wrong then can be mended', async () => {
    await webhook.close();
    assert.match(await apply(rule(-1, 'old')), /created/);
    webhook = await runWebhook(atEnd, { pair, port: webhook.port });
    await until(isAsked, { what: 'the webhook to be asked again', mostMs: 20_000 });
    assert.match(await apply(rule(-1, 'old', '{team: a}')), /configured/);
    assert.match((await refusal(rule(-2, 'old'))) ?? '', /found -2/);
    assert.match(await apply(rule(1, 'old')), /configured/);
    assert.match(await cluster.kubectl(['delete', 'virtualservice', 'old']), /deleted/);
  });
});
