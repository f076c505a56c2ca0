import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { messageOf } from '../../test/support/envoy-messages.ts';
import { Listener } from '../proto/envoy/config/listener/v3/listener.ts';
import type { Call, ClientHello, Payload } from './call.ts';
import { type Connection, inspect } from './listener-filters.ts';

const destination = { ip: '10.0.0.1', port: 443 };
const source = { ip: '192.0.2.1', port: 50000 };
const http: Payload = { kind: 'http', version: 'http/1.1', method: 'GET', authority: '', path: '/', headers: [] };
const bytes: Payload = { kind: 'bytes' };
const silence: Payload = { kind: 'silence' };
const tls: ClientHello = { sni: 'Shop.Example.com', alpn: ['h2', 'http/1.1'] };

const types = {
  tls_inspector: 'tls_inspector.v3.TlsInspector',
  http_inspector: 'http_inspector.v3.HttpInspector',
  proxy_protocol: 'proxy_protocol.v3.ProxyProtocol',
  original_dst: 'original_dst.v3.OriginalDst',
};

function filter(name: keyof typeof types, filterDisabled?: object): object {
  const typedConfig = { '@type': `type.googleapis.com/envoy.extensions.filters.listener.${types[name]}` };
  return { name, typedConfig, ...(filterDisabled === undefined ? {} : { filterDisabled }) };
}

function listener(filters: readonly object[], more: object = {}): Listener {
  return messageOf(Listener, { listenerFilters: filters, ...more });
}

const plain: Connection = {
  local: destination,
  remote: source,
  directRemote: source,
  transport: 'raw_buffer',
  serverName: '',
  applicationProtocols: [],
};

interface Case {
  readonly listener: Listener;
  readonly call: Partial<Call>;
  /** What differs from a connection of which nothing is known, or why the connection ends here. */
  readonly found: Partial<Connection> | string;
}

function check(name: string, { listener: one, call, found }: Case): void {
  it(name, () => {
    const choice = inspect(one, { destination, payload: bytes, ...call }, destination);
    const expected = typeof found === 'string' ? found : { ...plain, ...found };
    assert.deepEqual(choice.found ?? choice.step.because, expected);
  });
}

const hello = { transport: 'tls', serverName: 'shop.example.com', applicationProtocols: ['h2', 'http/1.1'] } as const;

describe('the TLS inspector', () => {
  const inspector = [filter('tls_inspector')];
  check('finds the server name, in lower case, and the protocols of a client hello', {
    listener: listener(inspector),
    call: { tls },
    found: hello,
  });
  check('finds TLS without a server name', {
    listener: listener(inspector),
    call: { tls: { alpn: [] } },
    found: { transport: 'tls' },
  });
  check('finds plain text', { listener: listener(inspector), call: { payload: http }, found: {} });
  check('is missed: nobody knows that it is TLS', { listener: listener([]), call: { tls }, found: {} });
});

describe('the HTTP inspector', () => {
  const inspectors = [filter('tls_inspector'), filter('http_inspector')];
  for (const [version, protocol] of [
    ['http/1.0', 'http/1.0'],
    ['http/1.1', 'http/1.1'],
    ['h2', 'h2c'],
  ] as const)
    check(`finds ${version}`, {
      listener: listener(inspectors),
      call: { payload: { ...http, version } },
      found: { applicationProtocols: [protocol] },
    });
  check('finds nothing in other bytes', { listener: listener(inspectors), call: {}, found: {} });
  check('looks at nothing within TLS', { listener: listener(inspectors), call: { tls, payload: http }, found: hello });
  check('finds no HTTP in TLS that nobody has recognised', {
    listener: listener([filter('http_inspector')]),
    call: { tls, payload: http },
    found: {},
  });
});

describe('a filter', () => {
  const range = (start: number, end: number) => ({ destinationPortRange: { start, end } });
  const cases: readonly (readonly [name: string, predicate: object, isDisabled: boolean])[] = [
    ['within the range of ports', range(443, 444), true],
    ['at the end of the range, which is not in it', range(80, 443), false],
    ['when one of several holds', { orMatch: { rules: [range(1, 2), range(443, 444)] } }, true],
    ['when all of several hold', { andMatch: { rules: [range(1, 444), range(443, 500)] } }, true],
    ['unless all of several hold', { andMatch: { rules: [range(1, 2), range(443, 444)] } }, false],
    ['outside of the range', { notMatch: range(1, 2) }, true],
    ['always', { anyMatch: true }, true],
  ];
  for (const [name, predicate, isDisabled] of cases)
    check(`${isDisabled ? 'sits out' : 'takes part'} ${name}`, {
      listener: listener([filter('tls_inspector', predicate)]),
      call: { tls },
      found: isDisabled ? {} : hello,
    });
});

describe('a client that waits for the server to speak', () => {
  const inspector = [filter('tls_inspector')];
  const call = { payload: silence };
  check('waits for ever where filters have no time limit', {
    listener: listener(inspector, { listenerFiltersTimeout: '0s', continueOnListenerFiltersTimeout: true }),
    call,
    found: "tls_inspector waits for the client's first bytes",
  });
  check('is sent away at the time limit', {
    listener: listener(inspector),
    call,
    found: "tls_inspector waits for the client's first bytes, and closes the connection after 15000 ms",
  });
  check('gets on at the time limit if the listener says so', {
    listener: listener([...inspector, filter('http_inspector')], {
      listenerFiltersTimeout: '5s',
      continueOnListenerFiltersTimeout: true,
    }),
    call,
    found: {},
  });
  check('gets on where no filter needs its bytes', { listener: listener([filter('original_dst')]), call, found: {} });
});

describe('PROXY protocol', () => {
  const proxyProtocol = { source: { ip: '198.51.100.7', port: 9 }, destination: { ip: '10.9.9.9', port: 8443 } };
  check('tells the addresses at the other side of the load balancer', {
    listener: listener([filter('proxy_protocol')]),
    call: { proxyProtocol },
    found: { local: proxyProtocol.destination, remote: proxyProtocol.source },
  });
  check('is demanded', {
    listener: listener([filter('proxy_protocol')]),
    call: {},
    found: 'proxy_protocol expects a PROXY header first',
  });
});
