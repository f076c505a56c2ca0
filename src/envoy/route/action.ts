/** ActionIr → the action of a Route. */
import type {
  ActionIr,
  ForwardIr,
  FractionIr,
  HashIr,
  RedirectIr,
  RetryIr,
  WeightedClusterIr,
} from '../../ir/route.ts';
import type { RuntimeFractionalPercent } from '../../proto/envoy/config/core/v3/base.ts';
import {
  type DirectResponseAction,
  type RedirectAction,
  RedirectAction_RedirectResponseCode,
  type RetryPolicy,
  type Route,
  type RouteAction,
  type RouteAction_HashPolicy,
  type WeightedCluster_ClusterWeight,
} from '../../proto/envoy/config/route/v3/route_components.ts';
import { PreviousHostsPredicate } from '../../proto/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts.ts';
import { PreviousPrioritiesConfig } from '../../proto/envoy/extensions/retry/priority/previous_priorities/v3/previous_priorities_config.ts';
import { FractionalPercent_DenominatorType } from '../../proto/envoy/type/v3/percent.ts';
import { any, duration } from '../values.ts';
import { headerChanges } from './headers.ts';

export function action(ir: ActionIr): Route['action'] {
  switch (ir.kind) {
    case 'forward':
      return { $case: 'route', value: forward(ir) };
    case 'redirect':
      return { $case: 'redirect', value: redirect(ir.redirect) };
    case 'respond':
      return { $case: 'directResponse', value: respond(ir) };
  }
}

function forward(ir: ForwardIr): RouteAction {
  const { rewrite, retry, mirrors = [], hash = [] } = ir;
  const timeout = duration(ir.timeoutMs);
  const none = duration(0);
  return {
    clusterSpecifier: ir.isWeighted
      ? { $case: 'weightedClusters', value: { clusters: ir.clusters.map(weightedCluster) } }
      : { $case: 'cluster', value: ir.clusters[0]?.name ?? '' },
    timeout,
    ...(ir.limits === 'grpc-timeout'
      ? { maxGrpcTimeout: timeout }
      : { maxStreamDuration: { maxStreamDuration: none, grpcTimeoutHeaderMax: none } }),
    ...(rewrite?.kind === 'prefix' ? { prefixRewrite: rewrite.value } : {}),
    ...(rewrite?.kind === 'regex'
      ? { regexRewrite: { pattern: { regex: rewrite.pattern }, substitution: rewrite.substitution } }
      : {}),
    ...(ir.hostRewrite === undefined
      ? {}
      : { hostRewriteSpecifier: { $case: 'hostRewriteLiteral', value: ir.hostRewrite } }),
    ...(retry === undefined ? {} : { retryPolicy: retryPolicy(retry) }),
    ...(mirrors.length === 0
      ? {}
      : {
          requestMirrorPolicies: mirrors.map((mirror) => ({
            cluster: mirror.cluster,
            runtimeFraction: runtimeFraction(mirror.fraction),
            traceSampled: false,
            disableShadowHostSuffixAppend: true,
          })),
        }),
    ...(hash.length === 0 ? {} : { hashPolicy: hash.map(hashPolicy) }),
  };
}

function weightedCluster({ name, weight, headers, hostRewrite }: WeightedClusterIr): WeightedCluster_ClusterWeight {
  return {
    name,
    weight,
    ...headerChanges(headers),
    ...(hostRewrite === undefined ? {} : { hostRewriteSpecifier: { $case: 'hostRewriteLiteral', value: hostRewrite } }),
  };
}

function retryPolicy(ir: RetryIr): RetryPolicy {
  return {
    retryOn: ir.on,
    numRetries: ir.attempts,
    ...(ir.statusCodes.length === 0 ? {} : { retriableStatusCodes: [...ir.statusCodes] }),
    ...(ir.perTryTimeoutMs === undefined ? {} : { perTryTimeout: duration(ir.perTryTimeoutMs) }),
    ...(ir.backoffMs === undefined ? {} : { retryBackOff: { baseInterval: duration(ir.backoffMs) } }),
    ...(ir.avoidsPreviousHosts
      ? {
          retryHostPredicate: [
            {
              name: 'envoy.retry_host_predicates.previous_hosts',
              configType: { $case: 'typedConfig', value: any(PreviousHostsPredicate, {}) },
            },
          ],
        }
      : {}),
    ...(ir.hostAttempts === undefined ? {} : { hostSelectionRetryMaxAttempts: ir.hostAttempts }),
    ...(ir.usesOtherPriorities === true
      ? {
          retryPriority: {
            name: 'envoy.retry_priorities.previous_priorities',
            configType: { $case: 'typedConfig', value: any(PreviousPrioritiesConfig, { updateFrequency: 2 }) },
          },
        }
      : {}),
  };
}

export function runtimeFraction({ numerator, denominator }: FractionIr): RuntimeFractionalPercent {
  return { defaultValue: { numerator, denominator: FractionalPercent_DenominatorType[denominator] } };
}

function hashPolicy(ir: HashIr): RouteAction_HashPolicy {
  switch (ir.kind) {
    case 'header':
      return { policySpecifier: { $case: 'header', value: { headerName: ir.name } } };
    case 'query':
      return { policySpecifier: { $case: 'queryParameter', value: { name: ir.name } } };
    case 'source-ip':
      return { policySpecifier: { $case: 'connectionProperties', value: { sourceIp: true } } };
    case 'cookie':
      return {
        policySpecifier: {
          $case: 'cookie',
          value: {
            name: ir.name,
            ...(ir.path === undefined ? {} : { path: ir.path }),
            ...(ir.ttlMs === undefined ? {} : { ttl: duration(ir.ttlMs) }),
            ...(ir.attributes === undefined
              ? {}
              : { attributes: ir.attributes.map((attribute) => ({ ...attribute })) }),
          },
        },
      };
  }
}

const redirectCodes = {
  301: RedirectAction_RedirectResponseCode.MOVED_PERMANENTLY,
  302: RedirectAction_RedirectResponseCode.FOUND,
  303: RedirectAction_RedirectResponseCode.SEE_OTHER,
  307: RedirectAction_RedirectResponseCode.TEMPORARY_REDIRECT,
  308: RedirectAction_RedirectResponseCode.PERMANENT_REDIRECT,
} as const;

function redirect({ host, scheme, port, path, code }: RedirectIr): RedirectAction {
  return {
    ...(host === undefined ? {} : { hostRedirect: host }),
    ...(scheme === undefined ? {} : { schemeRewriteSpecifier: { $case: 'schemeRedirect', value: scheme } }),
    ...(port === undefined ? {} : { portRedirect: port }),
    ...(path === undefined
      ? {}
      : {
          pathRewriteSpecifier: { $case: path.kind === 'path' ? 'pathRedirect' : 'prefixRewrite', value: path.value },
        }),
    responseCode: redirectCodes[code],
  };
}

function respond({ status, body }: Extract<ActionIr, { readonly kind: 'respond' }>): DirectResponseAction {
  if (body === undefined) return { status };
  return {
    status,
    body: {
      specifier:
        'text' in body
          ? { $case: 'inlineString', value: body.text }
          : { $case: 'inlineBytes', value: Uint8Array.from(Buffer.from(body.base64, 'base64')) },
    },
  };
}
