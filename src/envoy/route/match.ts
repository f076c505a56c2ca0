/** MatchIr → RouteMatch. */
import type { MatchIr } from '../../ir/route.ts';
import type {
  HeaderMatcher,
  QueryParameterMatcher,
  RouteMatch,
} from '../../proto/envoy/config/route/v3/route_components.ts';
import type { MetadataMatcher } from '../../proto/envoy/type/matcher/v3/metadata.ts';
import type { ValueMatcher } from '../../proto/envoy/type/matcher/v3/value.ts';
import { stringMatcher } from './text-match.ts';

export function routeMatch({ path, caseSensitive, headers = [], query = [], claims = [] }: MatchIr): RouteMatch {
  return {
    pathSpecifier: pathSpecifier(path),
    ...(caseSensitive === undefined ? {} : { caseSensitive }),
    ...(headers.length === 0 ? {} : { headers: headers.map(header) }),
    ...(query.length === 0 ? {} : { queryParameters: query.map(parameter) }),
    ...(claims.length === 0 ? {} : { dynamicMetadata: claims.map(claim) }),
  };
}

function pathSpecifier({ kind, value }: MatchIr['path']): NonNullable<RouteMatch['pathSpecifier']> {
  switch (kind) {
    case 'exact':
      return { $case: 'path', value };
    case 'prefix':
      return { $case: 'prefix', value };
    case 'segments':
      return { $case: 'pathSeparatedPrefix', value };
    case 'regex':
      return { $case: 'safeRegex', value: { regex: value } };
  }
}

function header({ name, match, inverted, missingIsEmpty }: NonNullable<MatchIr['headers']>[number]): HeaderMatcher {
  return {
    name,
    headerMatchSpecifier:
      match.kind === 'present'
        ? { $case: 'presentMatch', value: true }
        : { $case: 'stringMatch', value: stringMatcher(match) },
    ...(inverted === true ? { invertMatch: true } : {}),
    ...(missingIsEmpty === true ? { treatMissingHeaderAsEmpty: true } : {}),
  };
}

function parameter({ name, match }: NonNullable<MatchIr['query']>[number]): QueryParameterMatcher {
  return {
    name,
    queryParameterMatchSpecifier:
      match.kind === 'present'
        ? { $case: 'presentMatch', value: true }
        : { $case: 'stringMatch', value: stringMatcher(match) },
  };
}

/** A claim may be one text or a list of texts; either way one of them must match. */
function claim({ path, match, inverted }: NonNullable<MatchIr['claims']>[number]): MetadataMatcher {
  const text: ValueMatcher =
    match.kind === 'present'
      ? { matchPattern: { $case: 'presentMatch', value: true } }
      : { matchPattern: { $case: 'stringMatch', value: stringMatcher(match) } };
  return {
    filter: 'envoy.filters.http.jwt_authn',
    path: ['payload', ...path].map((key) => ({ segment: { $case: 'key', value: key } })),
    value: {
      matchPattern: {
        $case: 'orMatch',
        value: {
          valueMatchers: [
            { matchPattern: { $case: 'listMatch', value: { matchPattern: { $case: 'oneOf', value: text } } } },
            text,
          ],
        },
      },
    },
    ...(inverted === true ? { invert: true } : {}),
  };
}
