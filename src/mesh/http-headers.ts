/** What a VirtualService changes on the headers of requests and responses. */
import type { Headers } from '../config/virtual-service.ts';
import type { HeadersIr, HeaderValueIr } from '../ir/route.ts';

export interface Changes {
  readonly headers: HeadersIr;
  /** Setting the Host is a rewrite, not a header. */
  readonly authority?: string;
}

export function headersOf(headers: Headers | undefined): Changes {
  const { request = {}, response = {} } = headers ?? {};
  const authority = [...Object.entries(request.set ?? {}), ...Object.entries(request.add ?? {})].find(([name]) =>
    isAuthority(name),
  )?.[1];
  const values = (set: Headers['request'], mode: HeaderValueIr['mode']) =>
    Object.entries((mode === 'overwrite' ? set?.set : set?.add) ?? {})
      .filter(([name]) => !isAuthority(name) && !name.startsWith(':'))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => ({ name, value, mode }));
  return {
    headers: {
      requestAdd: [...values(request, 'overwrite'), ...values(request, 'append')],
      requestRemove: (request.remove ?? []).filter((name) => !isAuthority(name) && !name.startsWith(':')),
      responseAdd: [...values(response, 'overwrite'), ...values(response, 'append')],
      responseRemove: response.remove ?? [],
    },
    ...(authority === undefined ? {} : { authority }),
  };
}

function isAuthority(name: string): boolean {
  return name === ':authority' || name.toLowerCase() === 'host';
}

export function joined(a: HeadersIr, b: HeadersIr): HeadersIr {
  return {
    requestAdd: [...(a.requestAdd ?? []), ...(b.requestAdd ?? [])],
    requestRemove: [...(a.requestRemove ?? []), ...(b.requestRemove ?? [])],
    responseAdd: [...(a.responseAdd ?? []), ...(b.responseAdd ?? [])],
    responseRemove: [...(a.responseRemove ?? []), ...(b.responseRemove ?? [])],
  };
}

export function nonEmptyHeaders(headers: HeadersIr): { readonly headers?: HeadersIr } {
  const kept = Object.fromEntries(Object.entries(headers).filter(([, list]) => list.length > 0));
  return Object.keys(kept).length === 0 ? {} : { headers: kept };
}
