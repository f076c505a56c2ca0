import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runFairway } from '../support/run-fairway.ts';
import { tempFolder } from '../support/temp-folder.ts';

const services = `apiVersion: v1
kind: Service
metadata: {name: a, namespace: shop}
spec: {ports: [{name: http, port: 80}]}
`;
const rule = (name: string, day: number, subset: string) => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}, namespace: shop, creationTimestamp: '2026-01-0${day}T00:00:00Z'}
spec:
  hosts: [a]
  http:
  - route:
    - destination: {host: a, subset: ${subset}}
`;

describe('fairway analyze', () => {
  it('tells of the mesh and of its objects, with what they come from and what to do', async (test) => {
    const folder = tempFolder(test);
    folder.write('services.yaml', services);
    folder.write('rules/new.yaml', rule('new', 2, "''"));
    folder.write('rules/old.yaml', rule('old', 1, 'v1').replace('host: a, subset', 'host: a, weight: 5, subset'));
    folder.write('rules/good.yaml', rule('old', 1, 'v1'));
    assert.deepEqual(await runFairway(folder.path, ['analyze']), {
      exitCode: 1,
      stdout: `rules/good.yaml:8: VirtualService shop/old: spec.http[0].route[0].destination.subset: expected a subset that a DestinationRule for a.shop.svc.cluster.local defines, found v1, which none does: requests go to the whole service until one does [FW1006]
    hint: add the subset to the DestinationRule, with the labels of its workloads
rules/new.yaml:5: VirtualService shop/new: spec.hosts[0]: expected to route a.shop.svc.cluster.local, found that another VirtualService does so for workloads of namespace shop [FW1001]
    rules/good.yaml:5: VirtualService shop/old has the host since 2026-01-01T00:00:00.000Z: it is older
    hint: put the routes of both into one VirtualService, or let the other hand over to this one as its delegate
rules/old.yaml:1: VirtualService shop/old: warning: expected one object of this name, found it at rules/good.yaml:1 too, which is the one that counts [FW0011]
2 errors, 1 warning in 4 objects of 4 files
`,
      stderr: '',
    });
  });

  it('gives programs the objects that a problem comes from', async (test) => {
    const folder = tempFolder(test);
    const input = `${services}---\n${rule('new', 2, "''")}---\n${rule('old', 1, "''")}`;
    const { exitCode, stdout } = await runFairway(folder.path, ['analyze', '-o', 'json', '-'], input);
    const { problems, summary } = JSON.parse(stdout);
    assert.deepEqual(
      { exitCode, summary, problems: problems.map(({ code, line, related }: Found) => ({ code, line, related })) },
      {
        exitCode: 1,
        summary: { files: 1, objects: 3, errors: 1, warnings: 0, infos: 0 },
        problems: [
          {
            code: 'FW1001',
            line: 10,
            related: [
              {
                object: { kind: 'VirtualService', namespace: 'shop', name: 'old' },
                file: 'stdin',
                line: 19,
                reason: 'has the host since 2026-01-01T00:00:00.000Z: it is older',
              },
            ],
          },
        ],
      },
    );
  });

  it('has nothing to say of a mesh that is right', async (test) => {
    const folder = tempFolder(test);
    folder.write('mesh.yaml', `${services}---\n${rule('old', 1, "''")}`);
    const { exitCode, stdout } = await runFairway(folder.path, ['analyze', '--strict', 'mesh.yaml']);
    assert.deepEqual([exitCode, stdout], [0, 'nothing wrong in 2 objects of 1 file\n']);
  });
});

interface Found {
  readonly code: string;
  readonly line: number;
  readonly related: unknown;
}
