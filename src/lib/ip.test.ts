import { describe } from 'node:test';
import { checkFunction as check } from '../../test/support/function-table.ts';
import { formatBlock, isLoopback, isSameIp, isUnspecified, isWithin, parseBlock, parseIp } from './ip.ts';

function holds(block: string, address: string): boolean | undefined {
  const [prefix = '', length] = block.split('/');
  const [parsed, ip] = [parseBlock(prefix, Number(length)), parseIp(address)];
  return parsed === undefined || ip === undefined ? undefined : isWithin(ip, parsed);
}

describe('a block of addresses', () => {
  check('holds the addresses that begin with its bits', holds, [
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.1.2.3/32', '10.1.2.3', true],
    ['10.1.2.3/31', '10.1.2.2', true],
    ['10.1.2.3/31', '10.1.2.4', false],
    ['0.0.0.0/0', '1.2.3.4', true],
    ['0.0.0.0/0', '::1', false],
    ['fd00::/16', 'fd00:1::', true],
    ['fd00::/16', 'fd01::', false],
    ['::/0', 'fe80::1', true],
    ['::ffff:0:0/96', '::ffff:1.2.3.4', true],
    ['not/8', '1.2.3.4', undefined],
    ['1.0.0.0/8', 'not', undefined],
  ]);
  check(
    'reads the same however it was written',
    (address: string, length: number) => {
      const block = parseBlock(address, length);
      return block === undefined ? undefined : formatBlock(block);
    },
    [
      ['10.1.9.9', 16, '10.1.0.0/16'],
      ['10.1.0.0', 16, '10.1.0.0/16'],
      ['255.255.255.255', 0, '0.0.0.0/0'],
      ['FD00:0:0:1::', 64, 'fd00:0:0:1::/64'],
      ['fd00::1:0:0:0:5', 64, 'fd00:0:0:1::/64'],
      ['::1', 128, '::1/128'],
    ],
  );
});

describe('an address', () => {
  check('is the same in every spelling', isSameIp, [
    ['10.0.0.1', '10.0.0.1', true],
    ['::1', '0:0:0:0:0:0:0:1', true],
    ['fe80::1%eth0', 'fe80::1', true],
    ['::ffff:1.2.3.4', '::ffff:102:304', true],
    ['::ffff:1.2.3.4', '1.2.3.4', false],
    ['/run/a.sock', '/run/a.sock', true],
    ['/run/a.sock', '10.0.0.1', false],
  ]);
  check('may be of this machine', isLoopback, [
    ['127.0.0.1', true],
    ['127.255.0.9', true],
    ['128.0.0.1', false],
    ['::1', true],
    ['::2', false],
    ['localhost', false],
  ]);
  check('may stand for all', isUnspecified, [
    ['0.0.0.0', true],
    ['::', true],
    ['0.0.0.1', false],
    ['', false],
  ]);
});
