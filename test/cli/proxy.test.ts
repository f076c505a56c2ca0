/** What `fairway proxy` and `fairway bootstrap` say when they cannot do what they are told: one line, and an exit code. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { freePorts } from '../agent/support/proxy.ts';
import { exitCodeOf, fairwayProgram } from '../support/run-fairway.ts';
import { tempFolder } from '../support/temp-folder.ts';

const who = { POD_NAME: 'web-1', POD_NAMESPACE: 'shop', INSTANCE_IP: '127.0.0.1' };
/** It says its version as Envoy does, so that nobody looks for an Envoy. */
const ENVOY = '/bin/true';

async function run(args: readonly string[], env: NodeJS.ProcessEnv) {
  const command = ['--disable-warning=ExperimentalWarning', fairwayProgram, ...args];
  const child = spawn(process.execPath, command, { env: { PATH: process.env.PATH, ...env } });
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
  return { code, line: stderr.split('\n', 1)[0] };
}

describe('fairway proxy says in one line', () => {
  const check = (name: string, args: readonly string[], env: NodeJS.ProcessEnv, expected: string) =>
    it(name, async () =>
      assert.deepEqual(await run(['proxy', ...args], env), { code: exitCodeOf(expected), line: expected }),
    );

  check(
    'that ENVOY names none',
    [],
    { ...who, ENVOY: '/nowhere/envoy' },
    'error: expected an Envoy on PATH, or named by ENVOY, found /nowhere/envoy, which does not run here: no such file, or a loader that is missing',
  );
  check(
    'that ENVOY must not be executed',
    [],
    { ...who, ENVOY: fairwayProgram },
    `error: expected an Envoy on PATH, or named by ENVOY, found ${fairwayProgram}, which does not run here: no right to execute it`,
  );
  check(
    'how an Envoy ended that does not say its version',
    [],
    { ...who, ENVOY: '/bin/false' },
    'error: expected an Envoy on PATH, or named by ENVOY, found /bin/false, which does not run here: exit code 1',
  );
  check(
    'that there is no temporary folder',
    [],
    { ...who, ENVOY, TMPDIR: '/nowhere' },
    "error: cannot write to /nowhere: ENOENT: no such file or directory, mkdtemp '/nowhere/fairway-proxy-XXXXXX'; --work-folder or TMPDIR names another folder",
  );
  check(
    'that no machine has so many threads',
    ['--concurrency', '9999'],
    who,
    "error: option '--concurrency <threads>' argument '9999' is invalid. expected a whole number up to 1024, found \"9999\"",
  );
  check(
    'which port is wanted twice',
    [],
    { ...who, PROXY_CONFIG: 'statusPort: 15021' },
    'error: expected another port for agent than for status, found 15021 for both',
  );
  check(
    'which port is none',
    [],
    { ...who, ISTIO_META_ENVOY_PROMETHEUS_PORT: 'many' },
    'error: expected ISTIO_META_ENVOY_PROMETHEUS_PORT to be a port from 1 to 65535, found "many"',
  );
  check(
    'that a collector of traces has no address',
    [],
    { ...who, PROXY_CONFIG: 'tracing: { zipkin: { address: zipkin } }' },
    'error: tracing.zipkin.address: expected host:port, found "zipkin"',
  );
  check('which pod it lacks', [], { ENVOY }, 'error: expected POD_NAME to name the pod, found nothing');
  check(
    'which address is none',
    [],
    { ...who, INSTANCE_IP: 'web' },
    'error: expected INSTANCE_IP to be the pod\'s IP address, found "web"',
  );
  check(
    'what is wrong with PROXY_CONFIG',
    [],
    { ...who, PROXY_CONFIG: 'statusPort: many' },
    'error: PROXY_CONFIG: statusPort: expected a whole number from 1 to 65535, found "many"',
  );
  check(
    'that a control plane has no address',
    [],
    { ...who, PROXY_CONFIG: 'discoveryAddress: fairway' },
    'error: discoveryAddress: expected host:port, found "fairway"',
  );
  check(
    'which file is not there',
    ['--proxy-config', '/nowhere/config.yaml'],
    who,
    "error: cannot read /nowhere/config.yaml: ENOENT: no such file or directory, open '/nowhere/config.yaml'",
  );
  check(
    'which option is wrong',
    ['--admin-port', '70000'],
    who,
    "error: option '--admin-port <port>' argument '70000' is invalid. expected a port from 1 to 65535, found \"70000\"",
  );
  check(
    'which type is none',
    ['waypoint'],
    who,
    "error: command-argument value 'waypoint' is invalid for argument 'type'. Allowed choices are sidecar, router.",
  );
  check(
    'which variable of the drain is wrong',
    [],
    { ...who, MINIMUM_DRAIN_DURATION: 'soon' },
    'error: MINIMUM_DRAIN_DURATION: expected a duration such as 5s, found "soon"',
  );
  check(
    "that the application's metrics would be the agent's",
    [],
    { ...who, ENVOY, ISTIO_PROMETHEUS_ANNOTATIONS: '{"port":"15020"}' },
    'error: ISTIO_PROMETHEUS_ANNOTATIONS: expected a port of the application, which is not 15020, found "15020"',
  );
  check(
    'that there is nowhere to write',
    ['--work-folder', '/dev/null/proxy'],
    { ...who, ENVOY },
    "error: cannot write /dev/null/proxy/envoy.json: ENOTDIR: not a directory, mkdir '/dev/null/proxy'",
  );

  it('which port is taken', async (context) => {
    const server = createServer().listen(0, '0.0.0.0');
    context.after(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as { readonly port: number };
    assert.deepEqual(await run(['proxy', '--agent-port', String(port)], { ...who, ENVOY }), {
      code: 1,
      line: `error: cannot serve its status on 0.0.0.0:${port}: another process listens there`,
    });
  });
});

describe('fairway proxy, where its Envoy is to be asked, says that there is', () => {
  const check = (name: string, answer: string, expected: string) =>
    it(name, async (context) => {
      const server = createHttpServer((_, response) => response.end(answer)).listen(0, '127.0.0.1');
      context.after(() => server.close());
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const [agent] = await freePorts(1);
      assert.deepEqual(
        await run(['proxy', '--agent-port', String(agent), '--admin-port', String(port)], { ...who, ENVOY }),
        {
          code: 1,
          line: `error: cannot serve Envoy's admin interface on 127.0.0.1:${port}: ${expected} listens there`,
        },
      );
    });
  check('another program', 'hello', 'another process');
  check(
    'the Envoy of another pod',
    '{"node":{"id":"sidecar~127.0.0.1~web-2.shop~shop.svc.cluster.local"}}',
    'the Envoy of web-2.shop',
  );
});

describe('fairway bootstrap says in one line', () => {
  it('where it cannot write', async (context) => {
    const { path } = tempFolder(context);
    const { code, line } = await run(['bootstrap', '-o', path], who);
    assert.deepEqual(
      { code, line },
      { code: 1, line: `error: cannot write ${path}: EISDIR: illegal operation on a directory, open '${path}'` },
    );
  });
});
