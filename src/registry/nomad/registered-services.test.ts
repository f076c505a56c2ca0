import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CatalogChange } from '../../model/catalog.ts';
import { formatProblem } from '../../model/problem.ts';
import { type Read, RegisteredServices } from './registered-services.ts';
import type { Allocation, Checks, Registration } from './schema.ts';

const web = { namespace: 'default', name: 'web' };
const registrationOf = (id: string): Registration => ({
  ID: `registration-${id}`,
  ServiceName: 'web',
  AllocID: id,
  Address: '10.0.0.1',
  Port: 8080,
});
const runs = (ID: string): Allocation => ({ ID, ClientStatus: 'running', DesiredStatus: 'run' });

/** The join, with what has come of it since it was asked last. */
function createJoin() {
  const changes: CatalogChange[] = [];
  const problems = new Map<string, readonly string[]>();
  const doubts: string[] = [];
  const checks = new Map<string, Checks>();
  const wanted = new Set<string>();
  let nowMs = 0;
  const read = <T>(value: T): Read<T> => {
    nowMs += 2;
    return { value, sentMs: nowMs - 1, receivedMs: nowMs };
  };
  const join = new RegisteredServices({
    kind: 'NomadService',
    catalog: 'nomad/global',
    region: 'global',
    aliases: [],
    checks: {
      checksOf: (allocation) => checks.get(allocation),
      want: (allocation) => wanted.add(allocation),
      drop: (allocation) => wanted.delete(allocation),
    },
    emit: (change) => changes.push(change),
    problems: (part, found) => problems.set(part, found.map(formatProblem)),
    doubt: ({ name }) => doubts.push(name),
  });
  return {
    join,
    checks,
    wanted,
    register: (...ids: readonly string[]) => join.setService(web, read(ids.map(registrationOf))),
    /** An answer as it is. */
    answer: (...all: readonly unknown[]) => join.setService(web, read(all)),
    allocate: (...all: readonly Allocation[]) => join.setAllocations('default', read(all)),
    /** The health of each instance, for each change since the last call. */
    emitted: () =>
      changes.splice(0).map(({ name, service }) => {
        const instances = service?.instances.map(({ id, health }) => `${id.replace('registration-', '')} ${health}`);
        return `${name}: ${instances?.join(', ') ?? 'gone'}`;
      }),
    doubts: () => doubts.splice(0),
    problems: () => [...problems.values()].flat(),
  };
}

describe('registrations and allocations', () => {
  it('make instances that are healthy while the allocation runs', () => {
    const { allocate, register, emitted } = createJoin();
    allocate(runs('a'), { ...runs('b'), DesiredStatus: 'stop' });
    register('a', 'b');
    assert.deepEqual(emitted(), ['web.default: a healthy, b draining']);
  });

  it('are told anew when the allocation of an instance is another, and not for others', () => {
    const { allocate, register, emitted } = createJoin();
    allocate(runs('a'), runs('x'));
    register('a');
    emitted();
    allocate(runs('a'), { ...runs('x'), ClientStatus: 'failed' });
    assert.deepEqual(emitted(), []);
    allocate({ ...runs('a'), ClientStatus: 'lost' });
    assert.deepEqual(emitted(), ['web.default: a unhealthy']);
  });

  it('name what is registered without anything behind it, until it is gone', () => {
    const { allocate, register, problems } = createJoin();
    allocate({ ...runs('a'), ClientStatus: 'lost' });
    register('a');
    assert.deepEqual(problems(), [
      'NomadService default/web.default of cluster nomad/global: instances[registration-a]: expected an allocation that runs, found allocation a, which is lost [FW3120]',
    ]);
    register();
    assert.deepEqual(problems(), []);
  });

  it('are not known while allocations cannot be read', () => {
    const { join, allocate, register, emitted } = createJoin();
    register('a');
    allocate({ ...runs('a'), ClientStatus: 'lost' });
    join.setAllocations('default', undefined);
    assert.deepEqual(emitted(), ['web.default: a unknown', 'web.default: a unhealthy', 'web.default: a unknown']);
  });

  it('are gone together', () => {
    const { join, register, emitted } = createJoin();
    register('a');
    emitted();
    join.dropService(web);
    join.dropService(web);
    assert.deepEqual(emitted(), ['web.default: gone']);
  });

  it('say what checks say', () => {
    const { join, checks, allocate, register, emitted } = createJoin();
    allocate(runs('a'));
    register('a');
    emitted();
    checks.set('a', { c: { Service: 'web', Status: 'failure' } });
    join.checksChanged('a');
    join.checksChanged('a');
    assert.deepEqual(emitted(), ['web.default: a unhealthy']);
  });
});

describe('a registration that cannot be read', () => {
  it('hides no other, and is told', () => {
    const { allocate, answer, emitted, problems } = createJoin();
    allocate(runs('a'), runs('b'));
    answer({ ...registrationOf('b'), Port: 'http' }, registrationOf('a'), 7);
    assert.deepEqual(emitted(), ['web.default: a healthy']);
    const of = 'NomadService default/web.default of cluster nomad/global';
    assert.deepEqual(problems(), [
      `${of}: [0]: Port: expected a whole number from -2147483648 to 2147483647, found "http" [FW3110]`,
      `${of}: [2]: expected an object, found 7 [FW3110]`,
    ]);
  });

  it('stays as it was known, while its allocation runs', () => {
    const { allocate, register, answer, emitted, problems, wanted } = createJoin();
    allocate(runs('a'), runs('b'));
    register('a', 'b');
    emitted();
    answer({ ...registrationOf('a'), Tags: 'v1' });
    assert.deepEqual([emitted(), [...wanted]], [['web.default: a healthy'], ['a']]);
    allocate({ ...runs('a'), ClientStatus: 'failed' });
    assert.deepEqual(emitted(), ['web.default: a unhealthy']);
    allocate(runs('a'));
    register('a');
    assert.deepEqual(problems(), []);
  });
});

describe('checks', () => {
  it('are asked for of allocations that have something registered', () => {
    const { join, register, wanted } = createJoin();
    register('a', 'b');
    register('b', 'c');
    assert.deepEqual([...wanted], ['b', 'c']);
    join.dropService(web);
    assert.deepEqual([...wanted], []);
  });
});

describe('a missing allocation', () => {
  it('is not believed of a list that is older than the registration', () => {
    const { allocate, register, emitted, doubts } = createJoin();
    allocate();
    register('a');
    assert.deepEqual([emitted(), doubts()], [['web.default: a unknown'], ['web']]);
  });

  it('is not believed before the registration is read once more', () => {
    const { allocate, register, emitted, doubts } = createJoin();
    register('a');
    emitted();
    allocate();
    assert.deepEqual([emitted(), doubts()], [[], ['web']]);
    register('a');
    assert.deepEqual([emitted(), doubts()], [['web.default: a unhealthy'], []]);
  });

  it('takes nobody away when the registration is gone as well, as after a server has lost its state', () => {
    const { allocate, register, emitted } = createJoin();
    allocate(runs('a'));
    register('a');
    emitted();
    allocate();
    register();
    assert.deepEqual(emitted(), ['web.default: a unknown', 'web.default: ']);
  });

  it('stays believed when the next list lacks it too, and is forgotten when it is there', () => {
    const { allocate, register, emitted } = createJoin();
    register('a');
    allocate();
    register('a');
    emitted();
    allocate();
    assert.deepEqual(emitted(), []);
    allocate(runs('a'));
    assert.deepEqual(emitted(), ['web.default: a healthy']);
  });
});
