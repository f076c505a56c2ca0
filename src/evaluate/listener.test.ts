import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { messageOf } from '../../test/support/envoy-messages.ts';
import { Listener } from '../proto/envoy/config/listener/v3/listener.ts';
import type { Call } from './call.ts';
import { acceptingListener, localAddress, servingListener } from './listener.ts';

/** `name address:port`, with `!` for one that is bound to no port; virtual ones restore the original destination. */
function listenersOf(...texts: readonly string[]): readonly Listener[] {
  return texts.map((text) => {
    const [name = '', ...places] = text.split(' ');
    const [first, ...more] = places.map((place) => {
      const at = place.lastIndexOf(':');
      return { socketAddress: { address: place.slice(0, at), portValue: Number.parseInt(place.slice(at + 1), 10) } };
    });
    return messageOf(Listener, {
      name,
      address: first,
      additionalAddresses: more.map((address) => ({ address })),
      ...(text.includes('!') ? { bindToPort: false } : {}),
      ...(name === 'virtualOutbound' ? { useOriginalDst: true } : {}),
    });
  });
}

interface Found {
  readonly listeners: readonly (string | undefined)[];
  readonly because: string;
}

const loopback = '127.0.0.1';

function find(listeners: readonly Listener[], call: Omit<Call, 'payload'>): Found {
  const whole: Call = { ...call, payload: { kind: 'bytes' } };
  const accepting = acceptingListener(listeners, whole);
  if (accepting.found === undefined) return { listeners: [], because: accepting.step.because };
  const { listener, step } = servingListener(listeners, accepting.found, whole);
  return { listeners: [accepting.found.name, listener.name], because: (step ?? accepting.step).because };
}

function check(
  name: string,
  listeners: readonly string[],
  cases: readonly (readonly [call: Omit<Call, 'payload'>, found: readonly string[], because: string])[],
): void {
  it(name, () => {
    const found = cases.map(([call]) => find(listenersOf(...listeners), call));
    const expected = cases.map(([, names, because]) => ({ listeners: names, because }));
    assert.deepEqual(found, expected);
  });
}

function outbound(ip: string, port: number): Omit<Call, 'payload'> {
  return { destination: { ip, port }, interceptedAt: { ip: loopback, port: 15001 } };
}

describe('a connection that is intercepted', () => {
  check(
    'is handed over to the listener of its address, else of its port, else it stays',
    ['0.0.0.0_80 0.0.0.0:80!', '10.0.0.1_80 10.0.0.1:80!', '10.0.0.1_81 10.0.0.1:81!', 'virtualOutbound 0.0.0.0:15001'],
    [
      [
        outbound('10.0.0.1', 80),
        ['virtualOutbound', '10.0.0.1_80'],
        'virtualOutbound hands the connection over to the listener of 10.0.0.1:80',
      ],
      [
        outbound('10.0.0.2', 80),
        ['virtualOutbound', '0.0.0.0_80'],
        'virtualOutbound hands the connection over to the listener of any address with port 80',
      ],
      [
        outbound('10.0.0.2', 81),
        ['virtualOutbound', 'virtualOutbound'],
        'it keeps the connection: no listener has the address 10.0.0.2:81 or any address with port 81',
      ],
    ],
  );
  check(
    'stays where it arrives when the listener does not restore destinations',
    ['0.0.0.0_80 0.0.0.0:80!', 'virtualInbound 0.0.0.0:15006'],
    [
      [
        { destination: { ip: '10.0.0.1', port: 80 }, interceptedAt: { ip: loopback, port: 15006 } },
        ['virtualInbound', 'virtualInbound'],
        'connections to 10.0.0.1:80 are intercepted at port 15006',
      ],
    ],
  );
  check(
    'finds further addresses of a listener, each family its own',
    ['0.0.0.0_80 0.0.0.0:80! :::80', '10.0.0.1_81 10.0.0.1:81! fd00::1:81', 'virtualOutbound 0.0.0.0:15001'],
    [
      [
        outbound('fd00::9', 80),
        ['virtualOutbound', '0.0.0.0_80'],
        'virtualOutbound hands the connection over to the listener of any address with port 80',
      ],
      [
        outbound('fd00:0::1', 81),
        ['virtualOutbound', '10.0.0.1_81'],
        'virtualOutbound hands the connection over to the listener of [fd00:0::1]:81',
      ],
    ],
  );
});

describe('a connection that goes straight to its destination', () => {
  check(
    'meets only listeners that are bound to their port',
    ['0.0.0.0_80 0.0.0.0:80', '0.0.0.0_81 0.0.0.0:81!', '10.0.0.1_80 10.0.0.1:80', 'virtualOutbound 0.0.0.0:15001'],
    [
      [{ destination: { ip: '10.0.0.1', port: 80 } }, ['10.0.0.1_80', '10.0.0.1_80'], 'it is bound to 10.0.0.1:80'],
      [
        { destination: { ip: '10.0.0.9', port: 80 } },
        ['0.0.0.0_80', '0.0.0.0_80'],
        'it is bound to any address with port 80',
      ],
      [{ destination: { ip: '10.0.0.1', port: 81 } }, [], 'nothing is bound to 10.0.0.1:81'],
      [{ destination: { ip: 'fd00::1', port: 80 } }, [], 'nothing is bound to [fd00::1]:80'],
      [
        { destination: { ip: '10.0.0.1', port: 15001 } },
        ['virtualOutbound', 'virtualOutbound'],
        'it is bound to any address with port 15001',
      ],
    ],
  );
  it('meets an IPv6 listener that takes IPv4 as well', () => {
    const socketAddress = { address: '::', portValue: 80 };
    const both = messageOf(Listener, {
      name: 'both',
      address: { socketAddress: { ...socketAddress, ipv4Compat: true } },
    });
    const six = messageOf(Listener, { name: 'six', address: { socketAddress } });
    const call = { destination: { ip: '10.0.0.1', port: 80 } };
    assert.deepEqual([find([both], call).listeners, find([six], call).listeners], [['both', 'both'], []]);
  });
  it('does not meet listeners of UDP, of Unix sockets or inside the Envoy', () => {
    const listeners = [
      messageOf(Listener, {
        name: 'udp',
        address: { socketAddress: { address: '0.0.0.0', portValue: 80 } },
        udpListenerConfig: {},
      }),
      messageOf(Listener, { name: 'pipe', address: { pipe: { path: '/run/a' } } }),
      messageOf(Listener, { name: 'internal', internalListener: {} }),
    ];
    assert.deepEqual(find(listeners, { destination: { ip: '10.0.0.1', port: 80 } }).listeners, []);
  });
});

it('names the other listeners of the port and why they were passed over', () => {
  const listeners = listenersOf(
    '0.0.0.0_80 0.0.0.0:80!',
    'a 10.0.0.1:80!',
    'b 10.0.0.2:80!',
    'virtualOutbound 0.0.0.0:15001',
  );
  const call: Call = { ...outbound('10.0.0.1', 80), payload: { kind: 'bytes' } };
  const [, , , accepting = {}] = listeners;
  assert.deepEqual(servingListener(listeners, accepting, call).step?.passedOver, [
    { name: '0.0.0.0_80', because: 'a listener of the address itself comes first' },
    { name: 'b', because: 'it is for the address 10.0.0.2' },
  ]);
  const straight: Call = { destination: { ip: '10.0.0.1', port: 80 }, payload: { kind: 'bytes' } };
  assert.deepEqual(acceptingListener(listeners, straight).step.passedOver, [
    { name: '0.0.0.0_80', because: 'it is not bound to its port' },
    { name: 'a', because: 'it is for the address 10.0.0.1' },
    { name: 'b', because: 'it is for the address 10.0.0.2' },
  ]);
});

it('knows the original destination once any listener on the way has restored it', () => {
  const [plain = {}, virtual = {}] = listenersOf('0.0.0.0_80 0.0.0.0:80', 'virtualOutbound 0.0.0.0:15001');
  const restoring = messageOf(Listener, {
    listenerFilters: [
      {
        name: 'original_dst',
        typedConfig: { '@type': 'type.googleapis.com/envoy.extensions.filters.listener.original_dst.v3.OriginalDst' },
      },
    ],
  });
  const call: Call = { ...outbound('10.0.0.1', 80), payload: { kind: 'bytes' } };
  assert.deepEqual(
    [localAddress(call, virtual, plain), localAddress(call, restoring), localAddress(call, plain)],
    [call.destination, call.destination, call.interceptedAt],
  );
});
