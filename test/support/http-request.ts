/** A request as the evaluator's routing sees it. */
import type { Request } from '../../src/evaluate/request.ts';

export interface RequestOptions {
  readonly method?: string;
  readonly authority?: string;
  readonly path?: string;
  readonly scheme?: 'http' | 'https';
  /** By name in lower case. */
  readonly headers?: { readonly [name: string]: string | readonly string[] };
  readonly metadata?: { readonly [filter: string]: unknown };
  readonly clientCertificate?: Request['clientCertificate'];
}

/** `GET http://a.com/`, but for what is said otherwise. */
export function requestOf(options: RequestOptions = {}): Request {
  const { method = 'GET', authority = 'a.com', path = '/', scheme = 'http', headers = {} } = options;
  const { metadata = {}, clientCertificate = 'none' } = options;
  const own = Object.entries(headers).map(([name, value]) => [name, [value].flat()] as const);
  return {
    method,
    authority,
    ...(method === 'CONNECT' ? {} : { path }),
    scheme,
    forwardedProto: scheme,
    headers: new Map([...own, [':method', [method]], [':authority', [authority]], [':path', [path]]]),
    metadata,
    clientCertificate,
  };
}
