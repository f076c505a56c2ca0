/** How gRPC clients are answered: the status of HTTP is 200 and gRPC's own says what is wrong. */
import type { Result } from './outcome.ts';
import { headerOf, type Request } from './request.ts';

const contentType = /^application\/grpc(\+.*)?$/;

export function isGrpc(request: Request): boolean {
  return contentType.test(headerOf(request, 'content-type') ?? '');
}

const unknown = 2;
/** Envoy's translation of the statuses of its own answers. */
const statuses: { readonly [http: number]: number } = {
  200: 0,
  400: 13,
  401: 16,
  403: 7,
  404: 12,
  429: 14,
  502: 14,
  503: 14,
  504: 14,
};

/** An answer of Envoy's own as a gRPC client receives it. */
export function asGrpc(result: Result): Result {
  if (result.kind !== 'answered' || result.grpcStatus !== undefined) return result;
  return { ...result, status: 200, grpcStatus: statuses[result.status] ?? unknown };
}
