/** What a route does to requests on the way: faults and CORS. */
import type { CorsPolicy, HttpRoute } from '../config/virtual-service.ts';
import type { CorsIr, FaultIr, FractionIr, TextMatchIr } from '../ir/route.ts';
import { grpcStatusNumber } from '../model/grpc-status.ts';
import { textMatch } from './http-match.ts';

export const percentOf = (value: number): FractionIr => ({
  numerator: Math.round(value * 10_000),
  denominator: 'MILLION',
});

export function faultOf({ delay, abort }: NonNullable<HttpRoute['fault']>): FaultIr {
  const share = (percentage: { readonly value?: number } | undefined, percent = 0): FractionIr =>
    percentage === undefined ? { numerator: percent, denominator: 'HUNDRED' } : percentOf(percentage.value ?? 0);
  const grpcStatus = abort?.grpcStatus === undefined ? undefined : grpcStatusNumber(abort.grpcStatus);
  return {
    ...(delay === undefined
      ? {}
      : { delay: { fixedMs: delay.fixedDelay ?? 0, fraction: share(delay.percentage, delay.percent) } }),
    ...(abort === undefined
      ? {}
      : {
          abort: {
            ...(abort.httpStatus === undefined ? {} : { httpStatus: abort.httpStatus }),
            ...(grpcStatus === undefined ? {} : { grpcStatus }),
            fraction: share(abort.percentage),
          },
        }),
  };
}

export function corsOf(cors: CorsPolicy): CorsIr {
  const origins: readonly TextMatchIr[] =
    cors.allowOrigins === undefined
      ? (cors.allowOrigin ?? []).map((value) =>
          value === '*' ? { kind: 'regex', value: '.*' } : { kind: 'exact', value },
        )
      : cors.allowOrigins.map(textMatch);
  return {
    origins,
    methods: (cors.allowMethods ?? []).join(','),
    headers: (cors.allowHeaders ?? []).join(','),
    exposed: (cors.exposeHeaders ?? []).join(','),
    ...(cors.maxAge === undefined ? {} : { maxAge: String(Math.trunc(cors.maxAge / 1000)) }),
    ...(cors.allowCredentials === undefined ? {} : { allowsCredentials: cors.allowCredentials }),
    forwardsOtherPreflights: cors.unmatchedPreflights !== 'IGNORE',
  };
}
