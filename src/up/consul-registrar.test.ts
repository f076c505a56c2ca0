import assert from 'node:assert/strict';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { objectIn } from '../../test/support/objects.ts';
import { ConnectionError, type HttpRequest } from '../lib/http-client.ts';
import { type Log, silent } from '../lib/log.ts';
import { ConsulRegistrar } from './consul-registrar.ts';
import { toLocalWorkload } from './local-workload.ts';
import { createPod } from './pod.ts';

const addresses = { number: 1, at: (part: number, number: number) => `127.1.${part}.${number}`, release() {} };

/** A pod of the Deployment `name`. */
function pod(name: string, isReady = true) {
  const object = objectIn(
    `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: shop }
spec:
  template:
    metadata: { annotations: { up.fairway.dev/local: "true", up.fairway.dev/registry: consul } }
    spec: { containers: [{ command: [node], ports: [{ containerPort: 9080 }] }] }`,
    '/mesh/web.yaml',
  );
  const { workload } = toLocalWorkload(object, { namespace: 'shop' });
  assert.ok(workload !== undefined);
  return { pod: createPod(workload, `${name}-1`, 1, addresses), isReady };
}

/** An agent as far as a registrar sees it: what is registered, with the status of its check. */
class Agent {
  readonly services = new Map<string, string>();
  isAway = false;
  refuses = false;

  async open({ method, path, body }: HttpRequest): Promise<IncomingMessage> {
    if (this.isAway) throw new ConnectionError('cannot reach http://127.0.0.1:8500: refused');
    const response = Object.assign(new IncomingMessage(new Socket()), { statusCode: 200, text: '' });
    const [, verb = '', id = ''] =
      /^\/v1\/agent\/(?:service|check)\/([a-z]+)(?:\/(?:service%3A)?(.*))?$/.exec(path) ?? [];
    if (this.refuses && method === 'PUT')
      return Object.assign(response, { statusCode: 403, text: 'Permission denied' });
    if (path === '/v1/agent/services')
      response.text = JSON.stringify(Object.fromEntries([...this.services].map(([one]) => [one, {}])));
    else if (verb === 'register') {
      const { ID, Check } = JSON.parse(String(body));
      this.services.set(ID, Check.Status);
    } else if (verb === 'deregister') this.services.delete(id);
    else this.services.set(id, verb === 'pass' ? 'passing' : 'critical');
    return response;
  }

  async text(response: IncomingMessage): Promise<string> {
    return (response as IncomingMessage & { text: string }).text;
  }

  close(): void {}
}

function start(test: TestContext, log: Log = silent) {
  const agent = new Agent();
  const clock = fakeClock();
  const registrar = new ConsulRegistrar({ client: agent, log, clock });
  test.after(() => registrar.stop());
  const settled = async () => {
    for (let i = 0; i < 30; i++) await turn();
    return Object.fromEntries(agent.services);
  };
  const afterASecond = () => {
    clock.advance(1000);
    return settled();
  };
  return { agent, registrar, settled, afterASecond };
}

describe('a registrar', () => {
  it('registers pods, tells of their readiness, and takes them out when they go', async (test) => {
    const { registrar, settled } = start(test);
    registrar.report([pod('web'), pod('shelf', false)]);
    assert.deepEqual(await settled(), { 'web-1': 'passing', 'shelf-1': 'critical' });
    registrar.report([pod('web', false), pod('shelf')]);
    assert.deepEqual(await settled(), { 'web-1': 'critical', 'shelf-1': 'passing' });
    registrar.report([pod('shelf')]);
    assert.deepEqual(await settled(), { 'shelf-1': 'passing' });
  });

  it('leaves alone what somebody else has registered', async (test) => {
    const { agent, registrar, settled } = start(test);
    agent.services.set('other', 'passing');
    registrar.report([pod('web')]);
    await settled();
    registrar.report([]);
    assert.deepEqual(await settled(), { other: 'passing' });
  });

  it('registers pods again when the agent has forgotten them', async (test) => {
    const { agent, registrar, settled, afterASecond } = start(test);
    registrar.report([pod('web')]);
    await settled();
    agent.services.clear();
    assert.deepEqual(await afterASecond(), { 'web-1': 'passing' });
  });

  it('lets stand what somebody says of a check, until the readiness changes', async (test) => {
    const { agent, registrar, settled, afterASecond } = start(test);
    registrar.report([pod('web')]);
    await settled();
    agent.services.set('web-1', 'critical');
    assert.deepEqual(await afterASecond(), { 'web-1': 'critical' });
    registrar.report([pod('web', false)]);
    registrar.report([pod('web', true)]);
    assert.deepEqual(await afterASecond(), { 'web-1': 'critical' });
    registrar.report([pod('web', false)]);
    await settled();
    registrar.report([pod('web', true)]);
    assert.deepEqual(await settled(), { 'web-1': 'passing' });
  });

  it('makes up for the time in which the agent was away, and tells of it once', async (test) => {
    const lines: string[] = [];
    const { agent, registrar, settled, afterASecond } = start(test, { ...silent, warn: (line) => lines.push(line) });
    agent.isAway = true;
    registrar.report([pod('web')]);
    await settled();
    await afterASecond();
    agent.isAway = false;
    assert.deepEqual(await afterASecond(), { 'web-1': 'passing' });
    assert.deepEqual(lines, ['cannot reach http://127.0.0.1:8500: refused; tried again every second']);
  });

  it('says what the agent says when it refuses', async (test) => {
    const lines: string[] = [];
    const { agent, registrar, settled } = start(test, { ...silent, warn: (line) => lines.push(line) });
    agent.refuses = true;
    registrar.report([pod('web')]);
    await settled();
    assert.deepEqual(lines, ['PUT /v1/agent/service/register: HTTP 403: Permission denied; tried again every second']);
  });

  it('takes everything out when it withdraws, and nothing when it only stops', async (test) => {
    const { registrar, settled } = start(test);
    registrar.report([pod('web')]);
    await settled();
    await registrar.withdraw();
    assert.deepEqual(await settled(), {});
    const other = start(test);
    other.registrar.report([pod('web')]);
    await other.settled();
    await other.registrar.stop();
    assert.deepEqual(await other.settled(), { 'web-1': 'passing' });
  });
});
