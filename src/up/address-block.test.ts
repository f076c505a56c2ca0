import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { it } from 'node:test';
import { takeAddressBlock } from './address-block.ts';

/** Blocks that nothing else takes. */
const blocks = [241, 242, 243];

it('each has a block of addresses for itself until it gives it back', async () => {
  const first = await takeAddressBlock(blocks);
  const second = await takeAddressBlock(blocks);
  assert.notEqual(first.number, second.number);
  assert.equal(first.at(2, 7), `127.${first.number}.2.7`);
  first.release();
  second.release();
});

it('a block in which somebody was left behind is passed over', async (context) => {
  const [left = 0, next = 0] = blocks.slice(1);
  const server = createServer().listen(0, `127.${left}.1.1`);
  context.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  const block = await takeAddressBlock([left, next], { part: 1, number: 1, port });
  assert.equal(block.number, next);
  block.release();
});

it('where every block is taken it says so', async () => {
  await assert.rejects(takeAddressBlock([]), /expected one of 0 blocks of loopback addresses to be free, found none/);
});
