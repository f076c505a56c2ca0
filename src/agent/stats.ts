/** What an Envoy calls its statistics, and which of them it keeps. */

/** A name of one part; or one of several parts, which has bars or ends a part with an underscore, up to its semicolon. */
const named = '([^|.;]*[^|.;_]|[^;]+)';

/**
 * Parts of names that become labels in Prometheus: what the control plane calls a cluster, a listener or a TCP proxy ends in
 * a semicolon there, since its name may have dots in it. The first group of a pattern goes from the name, the second is
 * the label's value.
 */
const tags: readonly (readonly [tag: string, regex: string])[] = [
  ['cluster_name', `^cluster\\.(${named};?\\.)`],
  ['tcp_prefix', `^tcp\\.(${named};?\\.)`],
  ['http_conn_manager_prefix', '^http\\.(((?:in|out)bound_[^;]+|[^;.]+);?\\.)'],
  ['http_conn_manager_listener_prefix', '^listener\\..*?\\.http\\.(((?:in|out)bound_[^;]+|[^;.]+);?\\.)'],
  ['listener_address', '^listener\\.((\\[[^\\]]*\\]_\\d+|[\\d.]+_\\d+|[^.]+)\\.)'],
  ['mongo_prefix', '^mongo\\.((.+?)\\.)(?:cmd|collection|cx|decoding|delays|op)'],
  ['response_code', '_rq(_(\\d{3}))$'],
  ['response_code_class', '_rq(_(\\dxx))$'],
];

/** Families without which nothing can be told of a proxy: its own state, and what its connection to the control plane does. */
const always = ['cluster_manager', 'listener_manager', 'server', 'cluster.xds-grpc'];
/** By these it is known when nobody waits for an answer any more. */
const needed = ['downstream_cx_active', 'downstream_rq_active'];

export interface StatsInclusion {
  readonly prefixes?: readonly string[];
  readonly suffixes?: readonly string[];
  readonly regexps?: readonly string[];
}

/** Envoy's `stats_config`. Without an inclusion all statistics are kept. */
export function statsConfig(inclusion: StatsInclusion | undefined): object {
  return {
    use_all_default_tags: false,
    stats_tags: tags.map(([tag_name, regex]) => ({ tag_name, regex })),
    ...(inclusion === undefined ? {} : { stats_matcher: { inclusion_list: { patterns: patterns(inclusion) } } }),
  };
}

function patterns({ prefixes = [], suffixes = [], regexps = [] }: StatsInclusion): readonly object[] {
  return [
    ...[...always, ...prefixes].map((prefix) => ({ prefix })),
    ...[...needed, ...suffixes].map((suffix) => ({ suffix })),
    ...regexps.map((regex) => ({ safe_regex: { regex } })),
  ];
}
