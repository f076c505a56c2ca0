import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { indent } from '../../test/support/indent.ts';
import { objectIn } from '../../test/support/objects.ts';
import { problemLine } from '../../test/support/problem-line.ts';
import { asksForConsul, toLocalWorkload as inPlace } from './local-workload.ts';

/** Where services of Consul live in the namespace `shop`. */
const toLocalWorkload = (object: Parameters<typeof inPlace>[0]) => inPlace(object, { namespace: 'shop' });

/** A Deployment; `template` is what stands under spec.template. */
function deployment(template: string, spec = ''): Parameters<typeof toLocalWorkload>[0] {
  return objectIn(
    `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  ${spec}
  template:
${indent(template, 4)}`,
    '/mesh/web.yaml',
  );
}

const local = 'annotations: { up.fairway.dev/local: "true" }';
const container = '{ name: web, command: [node, web.ts], ports: [{ name: http, containerPort: 9080 }] }';

describe('a Deployment', () => {
  it('is none of this machine’s business unless it says so', () => {
    assert.deepEqual(toLocalWorkload(deployment(`spec: { containers: [${container}] }`)), { problems: [] });
  });

  it('runs here with all that its pods are', () => {
    const { workload, problems } = toLocalWorkload(
      deployment(
        `metadata: { labels: { app: web, version: v1 }, ${local} }
spec: { serviceAccountName: web, containers: [${container}] }`,
        'replicas: 2',
      ),
    );
    assert.deepEqual(problems, []);
    const { version: _, origin: __, containers, ...rest } = workload ?? {};
    assert.deepEqual(rest, {
      namespace: 'shop',
      name: 'web',
      kind: 'application',
      replicas: 2,
      labels: { app: 'web', version: 'v1' },
      serviceAccount: 'web',
      ports: [{ name: 'http', containerPort: 9080 }],
      hasSidecar: true,
      registry: 'kubernetes',
      folder: '/mesh',
    });
    assert.deepEqual(
      containers?.map(({ command }) => command),
      [['node', 'web.ts']],
    );
  });

  it('runs without a sidecar where none is to be injected', () => {
    const { workload } = toLocalWorkload(
      deployment(`metadata: { labels: { sidecar.istio.io/inject: "false" }, ${local} }
spec: { containers: [${container}] }`),
    );
    assert.equal(workload?.hasSidecar, false);
  });

  it('is a gateway where Istio’s injection would make it one', () => {
    const { workload } = toLocalWorkload(
      deployment(`metadata: { annotations: { up.fairway.dev/local: "true", inject.istio.io/templates: gateway } }
spec: { containers: [{ name: istio-proxy, image: auto, ports: [{ containerPort: 8080 }] }] }`),
    );
    assert.deepEqual(
      [workload?.kind, workload?.containers, workload?.ports],
      ['gateway', [], [{ containerPort: 8080 }]],
    );
  });

  it('is another version when anything of its pods is other, and the same when only their number is', () => {
    const one = (text: string, spec = '') =>
      toLocalWorkload(deployment(`metadata: { ${local} }\nspec: { containers: [${text}] }`, spec)).workload?.version;
    assert.equal(one(container), one(container, 'replicas: 3'));
    assert.notEqual(one(container), one(container.replace('web.ts', 'other.ts')));
  });
});

describe('a Deployment that cannot run here', () => {
  function check(name: string, template: string, lines: readonly string[], spec = ''): void {
    it(name, () => {
      const { workload, problems } = toLocalWorkload(deployment(template, spec));
      assert.deepEqual([workload, problems.map(problemLine)], [undefined, lines]);
    });
  }

  check('has an image and no command', `metadata: { ${local} }\nspec: { containers: [{ name: web, image: web }] }`, [
    'error FW0901 spec.template.spec.containers[0]: expected a command to run as a process on this machine (an image cannot be run), found none',
  ]);
  check('has no container', `metadata: { ${local} }`, [
    'error FW0901 spec.template.spec.containers: expected a container to run as a process, found none',
  ]);
  check(
    'states an address that is not this machine’s',
    `metadata: { annotations: { up.fairway.dev/local: "true", up.fairway.dev/address: 10.0.0.1 } }
spec: { containers: [${container}] }`,
    [
      'error FW0901 metadata.annotations: expected up.fairway.dev/address to be an address in 127.0.0.0/8, found 10.0.0.1',
    ],
  );
  check(
    'has one address for several pods',
    `metadata: { annotations: { up.fairway.dev/local: "true", up.fairway.dev/address: 127.4.0.1 } }
spec: { containers: [${container}] }`,
    ['error FW0901 spec.replicas: expected one pod for the address 127.4.0.1, found 2'],
    'replicas: 2',
  );
});

describe('a Deployment that asks for Consul', () => {
  const asks =
    'annotations: { up.fairway.dev/local: "true", up.fairway.dev/registry: consul, up.fairway.dev/service: shelf }';
  const web = `metadata: { ${asks} }\nspec: { containers: [${container}] }`;

  it('is registered there, by the name that it states', () => {
    const { workload, problems } = toLocalWorkload(deployment(web));
    assert.deepEqual([workload?.registry, workload?.service, problems], ['consul', 'shelf', []]);
  });

  it('is found before anything runs, unless it is not local', () => {
    assert.deepEqual(
      [web, web.replace('"true"', '"false"'), web.replace('consul', 'kubernetes')].map((text) =>
        asksForConsul(deployment(text)),
      ),
      [true, false, false],
    );
  });

  function check(name: string, template: string, message: string, place: Parameters<typeof inPlace>[1]): void {
    it(name, () => {
      const { workload, problems } = inPlace(deployment(template), place);
      assert.deepEqual(
        [workload, problems.map(problemLine)],
        [undefined, [`error FW0902 metadata.annotations: expected ${message}`]],
      );
    });
  }

  const shop = { namespace: 'shop' };
  check('does not run without a Consul', web, 'a Consul to register pods in, found none', { missing: 'found none' });
  check(
    'does not run in another namespace than the services of Consul',
    web,
    'a workload of the namespace books, where services of this Consul live, found one of shop',
    { namespace: 'books' },
  );
  check(
    'does not run without a port',
    web.replace('ports: [{ name: http, containerPort: 9080 }]', 'ports: []'),
    'a port to register in Consul, found none',
    shop,
  );
  check(
    'does not run as a gateway',
    web.replace('annotations: {', 'annotations: { inject.istio.io/templates: gateway,'),
    'a service to register in Consul, found a gateway',
    shop,
  );
  check(
    'does not run when it asks for a registry that nobody knows',
    web.replace('registry: consul', 'registry: eureka'),
    'up.fairway.dev/registry to be consul or kubernetes, found "eureka"',
    shop,
  );
});
