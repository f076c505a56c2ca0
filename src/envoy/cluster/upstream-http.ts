/** UpstreamHttpIr → HttpProtocolOptions. */
import type { UpstreamHttpIr } from '../../ir/cluster.ts';
import type { MatchPredicate } from '../../proto/envoy/config/common/matcher/v3/matcher.ts';
import type {
  HttpProtocolOptions as CommonOptions,
  Http2ProtocolOptions,
} from '../../proto/envoy/config/core/v3/protocol.ts';
import type { HttpProtocolOptions } from '../../proto/envoy/extensions/upstreams/http/v3/http_protocol_options.ts';
import { duration } from '../values.ts';

export function upstreamHttp(ir: UpstreamHttpIr): HttpProtocolOptions {
  const common: CommonOptions = {
    ...(ir.idleTimeoutMs === undefined ? {} : { idleTimeout: duration(ir.idleTimeoutMs) }),
    ...(ir.maxRequestsPerConnection === undefined ? {} : { maxRequestsPerConnection: ir.maxRequestsPerConnection }),
    ...(ir.maxConnectionDurationMs === undefined
      ? {}
      : { maxConnectionDuration: duration(ir.maxConnectionDurationMs) }),
  };
  return {
    ...(ir.hasCommon === true || Object.keys(common).length > 0 ? { commonHttpProtocolOptions: common } : {}),
    ...(ir.sni === undefined
      ? {}
      : {
          upstreamHttpProtocolOptions: {
            autoSni: true,
            ...(ir.sni === 'from-host-and-verified' ? { autoSanValidation: true } : {}),
          },
        }),
    upstreamProtocolOptions: protocol(ir),
    ...(ir.errorCodes === undefined ? {} : { outlierDetection: { errorMatcher: anyStatus(ir.errorCodes) } }),
  };
}

function protocol({
  version,
  maxConcurrentStreams,
  keepalive,
}: UpstreamHttpIr): NonNullable<HttpProtocolOptions['upstreamProtocolOptions']> {
  const http2: Http2ProtocolOptions = {
    ...(maxConcurrentStreams === undefined ? {} : { maxConcurrentStreams }),
    ...(keepalive === undefined
      ? {}
      : {
          connectionKeepalive: {
            ...(keepalive.intervalMs === undefined ? {} : { interval: duration(keepalive.intervalMs) }),
            ...(keepalive.timeoutMs === undefined ? {} : { timeout: duration(keepalive.timeoutMs) }),
          },
        }),
  };
  switch (version) {
    case 'http1':
      return { $case: 'explicitHttpConfig', value: { protocolConfig: { $case: 'httpProtocolOptions', value: {} } } };
    case 'http2':
      return {
        $case: 'explicitHttpConfig',
        value: { protocolConfig: { $case: 'http2ProtocolOptions', value: http2 } },
      };
    case 'as-downstream':
      return { $case: 'useDownstreamProtocolConfig', value: { httpProtocolOptions: {}, http2ProtocolOptions: http2 } };
  }
}

function anyStatus(codes: readonly number[]): MatchPredicate {
  const rules: MatchPredicate[] = codes.map((code) => ({
    rule: {
      $case: 'httpResponseHeadersMatch',
      value: {
        headers: [
          {
            name: ':status',
            headerMatchSpecifier: {
              $case: 'stringMatch',
              value: { matchPattern: { $case: 'exact', value: String(code) } },
            },
          },
        ],
      },
    },
  }));
  const [only] = rules;
  return rules.length === 1 && only !== undefined ? only : { rule: { $case: 'orMatch', value: { rules } } };
}
