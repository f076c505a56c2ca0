/** A request as routing sees it: read by the connection manager's codec, with host and path in normal form. */

import { ensure } from '../lib/ensure.ts';
import {
  HttpConnectionManager_CodecType as CodecType,
  type HttpConnectionManager,
} from '../proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts';
import type { Call, HttpRequest } from './call.ts';
import type { Connection } from './listener-filters.ts';
import { type Choice, chosen, ending, type Result, refusal } from './outcome.ts';
import { normalizePath, splitQuery } from './path.ts';
import type { Session } from './transport.ts';

export interface Request {
  readonly method: string;
  readonly authority: string;
  /** With its query; absent for CONNECT. */
  readonly path?: string;
  readonly scheme: string;
  /** What X-Forwarded-Proto says once the connection manager has seen it. */
  readonly forwardedProto: string;
  /** The values of each header, by lower-case name; pseudo headers included. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly metadata: { readonly [filter: string]: unknown };
  readonly clientCertificate: 'none' | 'valid';
}

export interface Arrival {
  readonly call: Call;
  readonly connection: Connection;
  readonly session: Session;
}

export function readRequest(manager: HttpConnectionManager, arrival: Arrival): Choice<Request> {
  const { call, session } = arrival;
  const { payload } = call;
  if (session.security === 'opaque')
    return ending('network filters', refusal('protocol error', 'the bytes are TLS, not HTTP'));
  if (payload.kind === 'silence')
    return ending('network filters', refusal('no answer', 'the connection manager waits for a request'));
  if (payload.kind === 'bytes') return ending('network filters', refusal('protocol error', 'the bytes are not HTTP'));
  const isHttp2 = speaksHttp2(manager, session, payload);
  if (isHttp2 !== (payload.version === 'h2')) {
    const because = `the connection manager expects ${isHttp2 ? 'HTTP/2' : 'HTTP/1'}, the client speaks ${payload.version}`;
    return ending('network filters', refusal('protocol error', because));
  }
  if (payload.version === 'http/1.0' && manager.httpProtocolOptions?.acceptHttp10 !== true)
    return ending('network filters', answer(426, 'HTTP/1.0 is not accepted'));
  return normalized(manager, arrival, payload);
}

/** What was agreed on in the handshake decides, else the first bytes. */
function speaksHttp2(
  { codecType = CodecType.AUTO }: HttpConnectionManager,
  { protocol }: Session,
  { version }: HttpRequest,
) {
  if (codecType !== CodecType.AUTO) return codecType === CodecType.HTTP2;
  return protocol === undefined ? version === 'h2' : protocol === 'h2';
}

function normalized(manager: HttpConnectionManager, arrival: Arrival, payload: HttpRequest): Choice<Request> {
  const { call, connection, session } = arrival;
  const { method, metadata = {} } = payload;
  const authority = normalAuthority(payload.authority, manager, connection);
  const normal = payload.path === undefined ? undefined : normalizePath(payload.path, manager);
  if (normal !== undefined && 'status' in normal) {
    const { status, because, location } = normal;
    return ending('network filters', { ...answer(status, because), ...(location === undefined ? {} : { location }) });
  }
  const headers = new Map<string, string[]>();
  for (const { name, value } of payload.headers) ensure(headers, name.toLowerCase(), () => []).push(value);
  const forwardedProto = forwardedProtoOf(manager, session, headers);
  headers.set('x-forwarded-proto', [forwardedProto]).set(':scheme', [forwardedProto]);
  headers.set(':method', [method]).set(':authority', [authority]).set('host', [authority]);
  if (normal !== undefined) headers.set(':path', [normal.path]);
  const hasCertificate = session.security === 'tls' && call.tls?.certificate !== undefined;
  const found: Request = {
    method,
    authority,
    ...(normal === undefined ? {} : { path: normal.path }),
    scheme: forwardedProto,
    forwardedProto,
    headers,
    metadata,
    clientCertificate: hasCertificate ? 'valid' : 'none',
  };
  return {
    found,
    step: chosen('network filters', undefined, `the request is ${method} ${authority}${normal?.path ?? ''}`),
  };
}

/** A manager that believes nobody in front of it says itself what the client used. */
function forwardedProtoOf(manager: HttpConnectionManager, session: Session, headers: Request['headers']): string {
  const own = session.security === 'tls' ? 'https' : 'http';
  const trustsNobody = manager.useRemoteAddress === true && (manager.xffNumTrustedHops ?? 0) === 0;
  return trustsNobody ? own : (headers.get('x-forwarded-proto')?.[0] ?? own);
}

function normalAuthority(authority: string, manager: HttpConnectionManager, { local }: Connection): string {
  const [host, port] = splitPort(authority);
  const stripsPort =
    manager.stripPortMode?.$case === 'stripAnyHostPort'
      ? manager.stripPortMode.value
      : manager.stripMatchingHostPort === true && port === String(local.port);
  const bare = manager.stripTrailingHostDot === true && host.endsWith('.') ? host.slice(0, -1) : host;
  return port === undefined || stripsPort ? bare : `${bare}:${port}`;
}

/** A host without its port, and the port. Brackets tell the colons of an IPv6 address apart. */
export function splitPort(authority: string): readonly [host: string, port: string | undefined] {
  const at = authority.lastIndexOf(':');
  if (at < 0 || authority.lastIndexOf(']') > at) return [authority, undefined];
  return [authority.slice(0, at), authority.slice(at + 1)];
}

/** The first value of a header. */
export function headerOf({ headers }: Pick<Request, 'headers'>, name: string): string | undefined {
  return headers.get(name.toLowerCase())?.[0];
}

/** The parameters of a path's query, the first of each name, as they are written. */
export function queryParameters({ path = '' }: Request): ReadonlyMap<string, string> {
  const [, query] = splitQuery(path);
  const parameters = new Map<string, string>();
  for (const pair of query.slice(1).split('&')) {
    const [name = '', ...value] = pair.split('=');
    if (pair !== '' && !parameters.has(name)) parameters.set(name, value.join('='));
  }
  return parameters;
}

export function answer(status: number, because: string): Extract<Result, { readonly kind: 'answered' }> {
  return { kind: 'answered', status, because };
}
