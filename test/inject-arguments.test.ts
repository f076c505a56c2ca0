/** What sidecars and their init containers are started with are commands of this program. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createProgram } from '../src/cli/program.ts';
import { splitDocuments } from '../src/files/split.ts';
import { parseYaml } from '../src/files/yaml.ts';
import { asPod, containersOf } from '../src/inject/pod.ts';
import { imageProgram } from '../src/inject/proxy-container.ts';
import { podPathIn, valueAt } from '../src/inject/workload.ts';
import { isRecord } from '../src/lib/schema.ts';
import { injectedText, injectionGoldens } from './support/injection.ts';
import { fairwayProgram } from './support/run-fairway.ts';

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
}

interface Started {
  readonly name: string;
  readonly env?: readonly Variable[];
  readonly args: readonly string[];
}

/** Arguments of our containers, and of the hooks in them. */
function startedIn(text: string): readonly Started[] {
  return splitDocuments(text).flatMap((document) => {
    const { value } = parseYaml(document) as { readonly value: unknown };
    const objects = isRecord(value) && Array.isArray(value.items) ? (value.items as readonly unknown[]) : [value];
    return objects.flatMap((object) => {
      const path = isRecord(object) ? podPathIn(object) : undefined;
      const pod = path === undefined ? undefined : asPod(valueAt(object, path), path, []);
      const ours = pod === undefined ? [] : containersOf(pod).filter(({ name }) => name.startsWith('istio-'));
      return ours.flatMap((one) => {
        const hooks = ['postStart', 'preStop'].map((hook) => valueAt(one, ['lifecycle', hook, 'exec', 'command']));
        const commands = hooks.filter((command) => Array.isArray(command)) as readonly (readonly string[])[];
        for (const command of commands) assert.deepEqual(command.slice(0, imageProgram.length), imageProgram);
        return [
          { name: one.name, args: one.args as readonly string[], env: (one.env ?? []) as readonly Variable[] },
          ...commands.map((command) => ({ name: one.name, args: command.slice(imageProgram.length) })),
        ];
      });
    });
  });
}

/** What a kubelet puts in the place of fields of the pod. */
const fields: { readonly [path: string]: string } = {
  'metadata.name': 'web-0',
  'metadata.namespace': 'shop',
  'status.podIP': '10.0.0.7',
  'status.podIPs': '10.0.0.7,fd00::7',
  'status.hostIP': '10.0.0.1',
  'spec.serviceAccountName': 'web',
  'spec.nodeName': 'node-1',
};

function environmentOf(variables: readonly Variable[]): NodeJS.ProcessEnv {
  return Object.fromEntries(
    variables.map(({ name, value, valueFrom }) => [name, value ?? fields[valueFrom?.fieldRef?.fieldPath ?? '']]),
  );
}

/** What `fairway proxy` and `fairway bootstrap` are told to make. */
const roles: readonly string[] = ['sidecar', 'router'];

/** What decides how the process lives, and not what Envoy is told. */
const ofTheProcess = ['--work-folder', '--drain', '--log-level'];

describe('what injected containers are started with', () => {
  for (const { name, text, settings } of injectionGoldens()) {
    const started = startedIn(injectedText(text, settings).texts.join(''));
    if (started.length === 0) continue;
    it(`is known to this program: ${name}`, async () => {
      for (const { args } of started) {
        const [command, ...rest] = args;
        const found = (await createProgram(command)).commands.find((one) => one.name() === command);
        const { operands, unknown } = found?.exitOverride().parseOptions(rest) ?? {};
        const role = roles.filter((one) => command === 'proxy' && one === rest[0]);
        assert.deepEqual({ operands, unknown }, { operands: role, unknown: [] });
      }
    });
  }

  for (const { name, text, settings } of injectionGoldens()) {
    const [proxy] = startedIn(injectedText(text, settings).texts.join('')).filter(
      ({ args, env = [] }) => roles.includes(args[1] ?? '') && env.length > 0,
    );
    if (proxy === undefined) continue;
    const { args, env = [] } = proxy;
    it(`is enough, with its environment, for the bootstrap of an Envoy: ${name}`, () => {
      const told = args
        .slice(1)
        .filter((arg, i, all) => ![arg, all[i - 1]].some((one = '') => ofTheProcess.includes(one)));
      const program = ['--disable-warning=ExperimentalWarning', fairwayProgram, 'bootstrap', ...told];
      const { stdout, stderr } = spawnSync(process.execPath, program, { env: environmentOf(env), encoding: 'utf8' });
      assert.equal(stderr, '');
      const { node } = JSON.parse(stdout) as { readonly node: { readonly id: string } };
      assert.match(node.id, new RegExp(`^${args[1]}~10\\.0\\.0\\.7~[\\w-]+\\.shop~shop\\.svc\\.`));
    });
  }

  it('is the entry point of the image', () => {
    const [, entry = ''] = /^ENTRYPOINT (.*)$/m.exec(readFileSync('Dockerfile', 'utf8')) ?? [];
    assert.deepEqual(JSON.parse(entry), imageProgram);
  });
});
