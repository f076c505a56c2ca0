import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type GuardedCatalog, guardedCatalog, serviceOf } from '../../test/support/guarded-catalog.ts';
import { inForce, takeAnswer, unknownService } from './held.ts';

describe('a guard of a catalog that is live all along', () => {
  it('lets everything through that is new, different, or half of a service gone', () => {
    const catalog = guardedCatalog();
    catalog.say({ web: 'abcd' });
    catalog.say({ web: 'abx' });
    assert.equal(catalog.inForce(), 'abx');
    assert.equal(catalog.guard.held, 0);
  });

  it('keeps instances when more than half are gone, and asks again at once', async () => {
    const catalog = guardedCatalog();
    catalog.say({ web: 'abcd' });
    catalog.say({ web: 'ax' });
    assert.equal(catalog.inForce(), 'abcdx');
    assert.equal(catalog.guard.held, 3);
    await catalog.advance(0);
    assert.deepEqual(catalog.asked, ['web']);
    await catalog.answer(() => 'ax');
    assert.equal(catalog.inForce(), 'ax');
    assert.equal(catalog.guard.held, 0);
  });

  it('drops the last instance of a service, and the service, as soon as the second look agrees', async () => {
    const catalog = guardedCatalog();
    catalog.say({ web: 'a', api: 'a' });
    await catalog.answer(() => undefined);
    catalog.say({ web: undefined });
    assert.equal(catalog.inForce(), 'a');
    await catalog.advance(100);
    assert.equal(catalog.inForce(), undefined);
    assert.equal(catalog.inForce('api'), 'a');
  });

  it('believes the second look when the two disagree, and looks again whether it was late', async () => {
    const catalog = guardedCatalog();
    catalog.say({ web: 'abcd' });
    catalog.say({ web: 'a' });
    await catalog.answer(() => 'abcd');
    await catalog.advance(0);
    assert.equal(catalog.inForce(), 'abcd');
    assert.equal(catalog.guard.held, 0);
    await catalog.answer(() => 'a');
    await catalog.advance(31_000);
    assert.equal(catalog.inForce(), 'a');
  });

  it('releases what the catalog names again while it is held', () => {
    const catalog = guardedCatalog();
    catalog.say({ web: 'abcd' });
    catalog.say({ web: '' });
    catalog.say({ web: 'ab' });
    assert.equal(catalog.inForce(), 'abcd');
    assert.equal(catalog.guard.held, 2);
    catalog.say({ web: 'abcd' });
    assert.equal(catalog.guard.held, 0);
  });

  it('settles only what neither names when the catalog speaks while it is asked', async () => {
    const catalog = guardedCatalog();
    catalog.say({ web: 'abcd' });
    catalog.say({ web: '' });
    await catalog.advance(100);
    catalog.say({ web: 'x' });
    await catalog.answer(() => 'a');
    assert.equal(catalog.inForce(), 'ax');
    await catalog.answer(() => 'x');
    await catalog.advance(100);
    assert.equal(catalog.inForce(), 'x');
  });

  it('keeps what is held while it cannot ask, however often it tries, and says so once', async () => {
    const catalog = guardedCatalog();
    catalog.say({ web: 'abcd' });
    catalog.say({ web: '' });
    await catalog.answer(() => new Error('429 Too Many Requests'));
    await catalog.advance(60_000);
    assert.equal(catalog.inForce(), 'abcd');
    assert.ok(catalog.asked.length > 5 && catalog.asked.length < 30, `asked ${catalog.asked.length} times`);
    await catalog.answer(() => '');
    await catalog.advance(10_000);
    assert.equal(catalog.inForce(), '');
    assert.deepEqual(catalog.lines, [
      'consul/dc1: 4 instances of web are gone from its answers and stay in force until that is certain: it cannot be asked again: 429 Too Many Requests',
      'consul/dc1: of 4 instances that were gone from its answers 0 are back, 4 are out of force now',
    ]);
  });

  it('asks again when no answer comes', async () => {
    const catalog = guardedCatalog();
    catalog.say({ web: 'abcd' });
    catalog.say({ web: 'a' });
    await catalog.advance(11_000);
    assert.deepEqual(catalog.asked, ['web', 'web']);
    assert.equal(catalog.inForce(), 'abcd');
  });

  it('asks about a few services at once', async () => {
    const catalog = guardedCatalog();
    const names = Array.from({ length: 20 }, (_, i) => `s${i}`);
    catalog.say(Object.fromEntries(names.map((name) => [name, 'abcd'])));
    catalog.say(Object.fromEntries(names.map((name) => [name, 'a'])));
    await catalog.advance(50);
    assert.equal(catalog.open, 4);
    await catalog.answer(() => 'a');
    await catalog.advance(0);
    assert.deepEqual(new Set(catalog.asked), new Set(names));
    assert.equal(catalog.guard.held, 0);
  });

  it('lets a catalog that cannot be asked stand by its answer for a while', async () => {
    const catalog = guardedCatalog({ isMute: true });
    catalog.say({ web: 'abcd' });
    catalog.say({ web: 'a' });
    await catalog.advance(4000);
    assert.equal(catalog.inForce(), 'abcd');
    await catalog.advance(2000);
    assert.equal(catalog.inForce(), 'a');
  });

  it('does nothing more once it is closed', async () => {
    const catalog = guardedCatalog();
    catalog.say({ web: 'abcd' });
    catalog.say({ web: 'a' });
    catalog.guard.close();
    await catalog.advance(60_000);
    assert.deepEqual(catalog.asked, []);
    assert.equal(catalog.clock.pending, 0);
  });
});

describe('a guard of a catalog that was away', () => {
  async function afterOutage(): Promise<GuardedCatalog> {
    const catalog = guardedCatalog();
    catalog.say({ web: 'abcd' });
    catalog.stale();
    await catalog.advance(60_000);
    return catalog;
  }

  it('keeps what an empty answer lacks for a grace time, and asks then', async () => {
    const catalog = await afterOutage();
    catalog.live();
    catalog.say({ web: '' });
    await catalog.answer(() => '');
    await catalog.advance(29_000);
    assert.deepEqual([catalog.inForce(), catalog.asked], ['abcd', []]);
    await catalog.advance(2000);
    assert.equal(catalog.inForce(), '');
    assert.equal(
      catalog.lines[0],
      'consul/dc1: 4 instances of web are gone from its answers and stay in force until that is certain: it could not be seen until a moment ago',
    );
  });

  it('keeps it for as long as the catalog is away again', async () => {
    const catalog = await afterOutage();
    catalog.say({ web: '' });
    await catalog.advance(600_000);
    assert.equal(catalog.inForce(), 'abcd');
    await catalog.answer(() => 'ab');
    catalog.live();
    await catalog.advance(31_000);
    assert.equal(catalog.inForce(), 'ab');
  });

  it('asks at once when as many others have taken the place', async () => {
    const catalog = await afterOutage();
    await catalog.answer(() => 'wxyz');
    catalog.live();
    catalog.say({ web: 'wxyz' });
    assert.equal(catalog.inForce(), 'abcdwxyz');
    await catalog.advance(0);
    assert.equal(catalog.inForce(), 'wxyz');
  });

  it('does not believe an answer to a question from before it was away', async () => {
    const catalog = guardedCatalog();
    catalog.say({ web: 'abcd' });
    catalog.say({ web: 'a' });
    await catalog.advance(0);
    catalog.stale();
    await catalog.answer(() => 'a');
    await catalog.advance(60_000);
    assert.equal(catalog.inForce(), 'abcd');
  });
});

describe('a guard of a catalog most of whose services lose everything', () => {
  it('keeps them for a grace time when one answer says so', async () => {
    const catalog = guardedCatalog();
    catalog.say({ a: 'ab', b: 'ab', c: 'ab', d: 'ab' });
    await catalog.answer(() => undefined);
    catalog.say({ a: undefined, b: undefined, c: undefined });
    await catalog.advance(29_000);
    assert.deepEqual([catalog.inForce('a'), catalog.asked], ['ab', []]);
    assert.match(catalog.lines[0] ?? '', /: most services have lost everything together$/);
    await catalog.advance(2000);
    assert.deepEqual([catalog.inForce('a'), catalog.inForce('d')], [undefined, 'ab']);
  });

  it('keeps those that follow when it happens one after the other', async () => {
    const catalog = guardedCatalog();
    catalog.say({ a: 'ab', b: 'ab', c: 'ab', d: 'ab', e: 'ab' });
    await catalog.answer(() => undefined);
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      catalog.say({ [name]: undefined });
      await catalog.advance(200);
    }
    const left = () => ['a', 'b', 'c', 'd', 'e'].map((name) => catalog.inForce(name) ?? '');
    assert.deepEqual(left(), ['', '', 'ab', 'ab', 'ab']);
    await catalog.advance(31_000);
    assert.deepEqual(left(), ['', '', '', '', '']);
  });
});

describe('a service of which instances are held', () => {
  it('has the ports that it had, if what the catalog says lacks them, and everything else as it says', () => {
    const service = serviceOf('ab');
    const [grpc] = [{ number: 90, name: 'grpc', protocol: 'GRPC' }] as const;
    const before = takeAnswer(unknownService, service);
    const after = takeAnswer(before, { ...service, hostnames: ['w.test'], ports: [grpc], instances: [] });
    assert.deepEqual(inForce(after), { ...service, hostnames: ['w.test'], ports: [grpc, ...service.ports] });
    assert.deepEqual(inForce(takeAnswer(before, undefined)), service);
  });
});
