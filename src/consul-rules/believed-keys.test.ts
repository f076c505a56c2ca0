import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { recordingSink } from '../../test/support/recording-sink.ts';
import { BelievedKeys, type Values } from './believed-keys.ts';
import { ruleKeysIn } from './rule-keys.ts';

/** Keys, each with a rule of its name. */
const keys = (names: string): Values =>
  new Map(
    names
      .split(' ')
      .filter((name) => name !== '')
      .map((name) => [
        name,
        Buffer.from(`apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: ${name}}\n`),
      ]),
  );

/** A server whose next answers are stated, and what is in force because of them. */
function asked() {
  const [sink, clock] = [recordingSink(), fakeClock()];
  const state = { now: '', mayRead: true, reads: 0, again: 0 };
  const believed = new BelievedKeys(
    {
      store: 'consul',
      async read() {
        state.reads += 1;
        return keys(state.now);
      },
      async mayRead() {
        if (!state.mayRead) throw new Error('expected a token that may read');
      },
      clock,
    },
    sink,
  );
  const again = () => {
    state.again += 1;
  };
  return {
    state,
    clock,
    doubt: () => believed.doubt(),
    /** What is in force after an answer; a second read finds what is `now`, or the same. */
    async after(answer: string, now = answer): Promise<string> {
      state.now = now;
      await believed.take(keys(answer), again);
      return sink
        .objects()
        .map((text) => text.replace('VirtualService default/', ''))
        .join(' ');
    },
  };
}

describe('keys that are gone', () => {
  it('are believed when a second read agrees', async () => {
    const { after, state } = asked();
    assert.deepEqual([await after('a b'), await after('a'), state.reads], ['a b', 'a', 1]);
    assert.deepEqual([await after(''), state.reads], ['', 2]);
  });

  it('stay when a second read finds them, whatever it lacks itself', async () => {
    const { after, state } = asked();
    await after('a b c');
    assert.equal(await after('a', 'a b c'), 'a b c');
    assert.deepEqual([await after('a b', 'a c'), state.again], ['a b c', 1]);
  });

  it('stay for a while after the server was lost, while others come', async () => {
    const { after, doubt, clock, state } = asked();
    await after('a b');
    doubt();
    assert.deepEqual([await after('a c'), state.reads, state.again], ['a b c', 0, 0]);
    clock.advance(30_000);
    assert.equal(state.again, 1);
    assert.equal(await after('a c'), 'a c');
  });

  it('stay while the token may not read them, and that is said', async () => {
    const { after, state } = asked();
    await after('a b');
    state.mayRead = false;
    await assert.rejects(after(''), { message: 'expected a token that may read' });
    await assert.rejects(after('a'), { message: 'expected a token that may read' });
    state.mayRead = true;
    assert.equal(await after('a b'), 'a b');
  });
});

it('no keys at all are believed of who may read them', async () => {
  const { after, state } = asked();
  assert.equal(await after(''), '');
  state.mayRead = false;
  await assert.rejects(after(''), { message: 'expected a token that may read' });
});

describe('an answer', () => {
  function check(name: string, body: unknown, expected: string): void {
    it(name, () => {
      const found = ruleKeysIn(body, 'rules/');
      const told = typeof found === 'string' ? found : [...found].map(([key, value]) => `${key}=${value}`).join(' ');
      assert.equal(told, expected);
    });
  }
  check(
    'holds values by key; folders are none',
    [
      { Key: 'rules/a', Value: 'aGVsbG86IDE=', Flags: 0 },
      { Key: 'rules/empty', Value: null },
      { Key: 'rules/sub/', Value: null },
    ],
    'rules/a=hello: 1 rules/empty=',
  );
  check('is a list', { Key: 'rules/a' }, 'expected a list, found an object');
  check('is of the prefix', [{ Key: 'other' }], 'expected keys under rules/, found "other"');
  check(
    'has values in base64',
    [{ Key: 'rules/a', Value: 'a: 1' }],
    'expected the value of rules/a in base64, found something else',
  );
});
