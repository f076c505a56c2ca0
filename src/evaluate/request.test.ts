import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  HttpConnectionManager_CodecType as CodecType,
  type HttpConnectionManager,
} from '../proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts';
import type { ClientHello, HttpRequest, Payload } from './call.ts';
import { queryParameters, type Request, readRequest, splitPort } from './request.ts';
import type { Session } from './transport.ts';

const http: HttpRequest = {
  kind: 'http',
  version: 'http/1.1',
  method: 'GET',
  authority: 'shop.example.com',
  path: '/',
  headers: [],
};

interface Situation {
  readonly manager?: HttpConnectionManager;
  readonly session?: Session;
  readonly payload?: Payload;
  readonly tls?: ClientHello;
}

function read({ manager = {}, session = { security: 'plain' }, payload = http, tls }: Situation) {
  const address = { ip: '10.0.0.1', port: 8080 };
  return readRequest(manager, {
    call: { destination: address, payload, ...(tls === undefined ? {} : { tls }) },
    connection: {
      local: address,
      remote: address,
      directRemote: address,
      transport: 'raw_buffer',
      serverName: '',
      applicationProtocols: [],
    },
    session,
  });
}

/** Fields of the request that is read, or how the call ends. */
function check(name: string, situation: Situation, expected: Partial<Request> | string): void {
  it(name, () => {
    const { found, end } = read(situation);
    if (found === undefined) {
      const what = end.kind === 'refused' ? end.error : end.kind === 'answered' ? end.status : end.kind;
      assert.equal(`${what}: ${'because' in end ? end.because : ''}`, expected);
    } else {
      const fields = Object.keys(expected).map((key) => [key, found[key as keyof Request]]);
      assert.deepEqual(Object.fromEntries(fields), expected);
    }
  });
}

describe('the connection manager', () => {
  const secured = (protocol: string): Session => ({ security: 'tls', protocol });
  check('reads HTTP/1.1', {}, { method: 'GET', authority: 'shop.example.com', path: '/' });
  check('reads HTTP/2 by its first bytes', { payload: { ...http, version: 'h2' } }, { path: '/' });
  check('reads what TLS has agreed on', { session: secured('h2'), payload: { ...http, version: 'h2' } }, { path: '/' });
  check(
    'reads HTTP/2 by its first bytes where TLS agreed on nothing',
    {
      session: { security: 'tls' },
      payload: { ...http, version: 'h2' },
    },
    { path: '/' },
  );
  check(
    'reads nothing else than what TLS has agreed on',
    { session: secured('http/1.1'), payload: { ...http, version: 'h2' } },
    'protocol error: the connection manager expects HTTP/1, the client speaks h2',
  );
  check(
    'reads only the protocol that it is set to',
    { manager: { codecType: CodecType.HTTP2 } },
    'protocol error: the connection manager expects HTTP/2, the client speaks http/1.1',
  );
  check(
    'takes HTTP/1.0 only where it is allowed',
    { payload: { ...http, version: 'http/1.0' } },
    '426: HTTP/1.0 is not accepted',
  );
  check(
    'takes HTTP/1.0 where it is allowed',
    { payload: { ...http, version: 'http/1.0' }, manager: { httpProtocolOptions: { acceptHttp10: true } } },
    { path: '/' },
  );
  check('cannot read TLS', { session: { security: 'opaque' } }, 'protocol error: the bytes are TLS, not HTTP');
  check('cannot read other bytes', { payload: { kind: 'bytes' } }, 'protocol error: the bytes are not HTTP');
  check(
    'waits for a client that is silent',
    { payload: { kind: 'silence' } },
    'no answer: the connection manager waits for a request',
  );
  check('refuses a path with a fragment', { payload: { ...http, path: '/#' } }, '400: a path must not have a fragment');
  check(
    'reads CONNECT, which has no path',
    {
      payload: { kind: 'http', version: 'http/1.1', method: 'CONNECT', authority: 'a:443', headers: [] },
    },
    { method: 'CONNECT', authority: 'a:443' },
  );
});

describe('the host', () => {
  const of = (authority: string, manager: HttpConnectionManager = {}) => ({ payload: { ...http, authority }, manager });
  check('stays as it is', of('Shop.example.com.:8080'), { authority: 'Shop.example.com.:8080' });
  check('loses the port of the listener', of('a.com:8080', { stripMatchingHostPort: true }), { authority: 'a.com' });
  check('keeps another port', of('a.com:80', { stripMatchingHostPort: true }), { authority: 'a.com:80' });
  const any = { stripPortMode: { $case: 'stripAnyHostPort', value: true } } as const;
  check('loses any port', of('[::1]:80', any), { authority: '[::1]' });
  check('loses a dot at its end', of('a.com.', { stripTrailingHostDot: true }), { authority: 'a.com' });
});

describe('the scheme', () => {
  const forwarded: HttpRequest = { ...http, headers: [{ name: 'X-Forwarded-Proto', value: 'https' }] };
  check('is that of the connection', {}, { scheme: 'http', forwardedProto: 'http' });
  check('is https within TLS', { session: { security: 'tls' } }, { forwardedProto: 'https' });
  check('is what somebody in front says', { payload: forwarded }, { forwardedProto: 'https' });
  check(
    'is not what a stranger says',
    { payload: forwarded, manager: { useRemoteAddress: true } },
    {
      forwardedProto: 'http',
    },
  );
  check(
    'is what a trusted hop says',
    { payload: forwarded, manager: { useRemoteAddress: true, xffNumTrustedHops: 1 } },
    { forwardedProto: 'https' },
  );
});

describe('a client certificate', () => {
  const tls: ClientHello = { alpn: [], certificate: 'mesh' };
  check('is known once TLS is terminated', { session: { security: 'tls' }, tls }, { clientCertificate: 'valid' });
  check('is not known otherwise', { session: { security: 'tls' } }, { clientCertificate: 'none' });
});

it('headers are found by their lower-case names, pseudo headers among them', () => {
  const headers = [
    { name: 'X-A', value: '1' },
    { name: 'x-a', value: '2' },
  ];
  assert.deepEqual(
    read({ payload: { ...http, headers } }).found?.headers,
    new Map([
      ['x-a', ['1', '2']],
      ['x-forwarded-proto', ['http']],
      [':scheme', ['http']],
      [':method', ['GET']],
      [':authority', ['shop.example.com']],
      ['host', ['shop.example.com']],
      [':path', ['/']],
    ]),
  );
});

it('a port is what stands after the last colon, unless that belongs to an IPv6 address', () => {
  const cases = [
    ['a.com:80', ['a.com', '80']],
    ['a.com', ['a.com', undefined]],
    ['[::1]', ['[::1]', undefined]],
    ['[::1]:80', ['[::1]', '80']],
    ['', ['', undefined]],
  ] as const;
  assert.deepEqual(
    cases.map(([authority]) => [authority, splitPort(authority)]),
    cases,
  );
});

it('of the parameters of a query the first of each name counts, undecoded', () => {
  const { found } = read({ payload: { ...http, path: '/?a=1&b&a=2&c=%20=x&=y' } });
  assert.deepEqual(
    queryParameters(found as Request),
    new Map([
      ['a', '1'],
      ['b', ''],
      ['c', '%20=x'],
      ['', 'y'],
    ]),
  );
});
