import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FakeClock, fakeClock } from '../../test/support/fake-clock.ts';
import type { Clock } from '../lib/clock.ts';
import { silent } from '../lib/log.ts';
import { LeaderElection } from './leader-election.ts';
import { type FakeLease, fakeLease } from './lease.fake.ts';

interface Candidate {
  readonly election: LeaderElection;
  /** What it was told, such as `started`. */
  readonly told: readonly string[];
  connection: 'no' | 'before' | 'after';
  /** Nothing of it runs, and its time goes on. */
  freeze(): void;
  thaw(): void;
  end(): Promise<void>;
}

/** Processes that want one Lease, in a time of their own. */
class Candidates {
  readonly clock: FakeClock = fakeClock();
  readonly lease: FakeLease = fakeLease();
  readonly all: Candidate[] = [];

  add(identity: string, { skewMs = 0, random = 0.5 }: { skewMs?: number; random?: number } = {}): Candidate {
    const told: string[] = [];
    const late: (() => void)[] = [];
    let isFrozen = false;
    const clock: Clock = {
      now: () => this.clock.now(),
      after: (ms, work) => this.clock.after(ms, () => (isFrozen ? late.push(work) : work())),
    };
    const candidate: Candidate = {
      told,
      connection: 'no',
      election: new LeaderElection({
        lease: this.lease.storeOf(() => candidate.connection),
        identity,
        log: silent,
        clock,
        now: () => Date.UTC(2026, 0, 1) + skewMs + this.clock.now(),
        random: () => random,
        onStarted: () => told.push('started'),
        onStopped: () => told.push('stopped'),
      }),
      freeze: () => {
        isFrozen = true;
      },
      thaw: () => {
        isFrozen = false;
        for (const work of late.splice(0)) work();
      },
      end: async () => {
        stop.abort();
        await running;
      },
    };
    const stop = new AbortController();
    const running = candidate.election.run(stop.signal);
    this.all.push(candidate);
    return candidate;
  }

  get leaders(): readonly string[] {
    return this.all.filter(({ election }) => election.isLeader).map(({ election }) => election.identity);
  }

  /** Lets seconds pass; throws as soon as two lead at once. */
  async pass(seconds: number): Promise<void> {
    for (let step = 0; step < seconds * 10; step++) {
      this.clock.advance(100);
      for (let turn = 0; turn < 8; turn++) await new Promise(setImmediate);
      assert.ok(this.leaders.length <= 1, `${this.leaders.join(' and ')} lead at once`);
    }
  }
}

describe('a Lease', () => {
  it('is taken by one and renewed', async () => {
    const race = new Candidates();
    const [a, b] = [race.add('a'), race.add('b')];
    await race.pass(60);
    assert.deepEqual([race.leaders, a.told, b.told], [['a'], ['started'], []]);
    assert.deepEqual([a.election.holder, b.election.holder], ['a', 'a']);
    const { holder, durationMs, transitions, acquiredAt, renewedAt = '' } = race.lease.record ?? {};
    assert.deepEqual(
      { holder, durationMs, transitions, acquiredAt },
      { holder: 'a', durationMs: 15_000, transitions: 0, acquiredAt: '2026-01-01T00:00:00.100000Z' },
    );
    assert.ok(renewedAt >= '2026-01-01T00:00:57', renewedAt);
  });

  it('is given back at the end, and taken at once by the next', async () => {
    const race = new Candidates();
    const [a] = [race.add('a'), race.add('b')];
    await race.pass(3);
    await a.end();
    assert.deepEqual([race.leaders, a.told, race.lease.record?.holder], [[], ['started', 'stopped'], '']);
    await race.pass(5);
    assert.deepEqual([race.leaders, race.lease.record?.transitions], [['b'], 1]);
  });

  it('is left alone by one that does not hold it and ends', async () => {
    const race = new Candidates();
    const [, b] = [race.add('a'), race.add('b')];
    await race.pass(3);
    await b.end();
    assert.deepEqual([race.leaders, b.told], [['a'], []]);
  });

  function checkTakeover(
    name: string,
    fault: (a: Candidate) => void,
    { skewMs = 0, after }: { readonly skewMs?: number; readonly after: readonly [number, number] },
  ): void {
    it(name, async () => {
      const race = new Candidates();
      const [a, b] = [race.add('a'), race.add('b', { skewMs })];
      await race.pass(20);
      fault(a);
      await race.pass(after[0]);
      assert.deepEqual(race.leaders.includes('b'), false);
      await race.pass(after[1] - after[0]);
      assert.deepEqual([race.leaders, b.told], [['b'], ['started']]);
      a.connection = 'no';
      a.thaw();
      await race.pass(30);
      assert.deepEqual([race.leaders, a.told], [['b'], ['started', 'stopped']]);
    });
  }
  const cutOff = (a: Candidate) => {
    a.connection = 'before';
  };
  checkTakeover('changes hands when its holder is cut off', cutOff, { after: [12, 20] });
  checkTakeover('changes hands when its holder is frozen', (a) => a.freeze(), { after: [12, 20] });
  for (const minutes of [-10, 10])
    checkTakeover(`changes hands no sooner and no later between clocks ${minutes} minutes apart`, cutOff, {
      skewMs: minutes * 60_000,
      after: [12, 20],
    });

  it('is kept through a short absence of the server', async () => {
    const race = new Candidates();
    const [a, b] = [race.add('a'), race.add('b')];
    await race.pass(20);
    for (const one of race.all) one.connection = 'before';
    await race.pass(5);
    for (const one of race.all) one.connection = 'no';
    await race.pass(30);
    assert.deepEqual([race.leaders, a.told, b.told], [['a'], ['started'], []]);
  });

  it('is nobody’s when the server stays away, and somebody’s soon after it is back', async () => {
    const race = new Candidates();
    race.add('a');
    race.add('b');
    await race.pass(20);
    for (const one of race.all) one.connection = 'before';
    await race.pass(11);
    assert.deepEqual(race.leaders, []);
    await race.pass(60);
    for (const one of race.all) one.connection = 'no';
    await race.pass(5);
    assert.equal(race.leaders.length, 1);
  });

  it('is renewed although an answer was lost', async () => {
    const race = new Candidates();
    const [a, b] = [race.add('a'), race.add('b')];
    await race.pass(20);
    a.connection = 'after';
    await race.pass(5);
    a.connection = 'no';
    await race.pass(20);
    assert.deepEqual([race.leaders, a.told, b.told], [['a'], ['started'], []]);
  });

  it('is not led by one whose answers are lost for longer, although its renewals arrive', async () => {
    const race = new Candidates();
    const [a] = [race.add('a'), race.add('b')];
    await race.pass(20);
    a.connection = 'after';
    await race.pass(11);
    assert.deepEqual([race.leaders, a.told], [[], ['started', 'stopped']]);
  });

  it('never has two leaders, whatever befalls them', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const next = numbers(seed);
      const race = new Candidates();
      for (const identity of ['a', 'b', 'c'])
        race.add(identity, { skewMs: (next() - 0.5) * 1_200_000, random: next() });
      let changes = 0;
      for (let event = 0; event < 40; event++) {
        const one = race.all[Math.floor(next() * 3)] as Candidate;
        const what = Math.floor(next() * 5);
        if (what === 0) one.freeze();
        else if (what === 1) one.connection = next() < 0.5 ? 'before' : 'after';
        else for (const each of what === 2 ? race.all : [one]) heal(each);
        const before = race.leaders[0];
        await race.pass(Math.ceil(next() * 12));
        if (race.leaders[0] !== before) changes += 1;
      }
      assert.ok(changes > 2, `seed ${seed}: leadership changed ${changes} times`);
      for (const each of race.all) heal(each);
      await race.pass(25);
      assert.equal(race.leaders.length, 1, `seed ${seed}`);
    }
  });
});

function heal(candidate: Candidate): void {
  candidate.connection = 'no';
  candidate.thaw();
}

/** Numbers in [0, 1) that follow from a seed. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}
