/** HttpManagerIr → HttpConnectionManager. */
import type { HttpManagerIr } from '../../ir/listener.ts';
import {
  type HttpConnectionManager,
  HttpConnectionManager_ForwardClientCertDetails,
  HttpConnectionManager_PathWithEscapedSlashesAction,
} from '../../proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts';
import { UuidRequestIdConfig } from '../../proto/envoy/extensions/request_id/uuid/v3/uuid.ts';
import { accessLog } from '../access-log.ts';
import { httpFilters } from '../filter/http-filters.ts';
import { routeConfiguration } from '../route/route-configuration.ts';
import { virtualHost } from '../route/virtual-host.ts';
import { any, duration, overAds } from '../values.ts';

export function httpConnectionManager(ir: HttpManagerIr): HttpConnectionManager {
  const { KEEP_UNCHANGED, UNESCAPE_AND_FORWARD } = HttpConnectionManager_PathWithEscapedSlashesAction;
  const http1 = {
    ...(ir.allowsAbsoluteUrls === true ? { allowAbsoluteUrl: true } : {}),
    ...(ir.speaksHttp10 === true ? { acceptHttp10: true } : {}),
  };
  const isGateway = ir.direction === 'gateway';
  return {
    statPrefix: ir.statPrefix,
    routeSpecifier: routes(ir),
    httpFilters: httpFilters(ir),
    ...(isGateway || Object.keys(http1).length > 0 ? { httpProtocolOptions: http1 } : {}),
    ...(ir.http2 === undefined ? {} : { http2ProtocolOptions: { ...ir.http2 } }),
    ...(ir.idleTimeoutMs === undefined
      ? {}
      : { commonHttpProtocolOptions: { idleTimeout: duration(ir.idleTimeoutMs) } }),
    ...(ir.direction === 'outbound' ? {} : clientCertificate(ir)),
    ...(ir.direction === 'outbound' ? {} : { serverName: 'istio-envoy' }),
    useRemoteAddress: isGateway,
    ...(ir.trustedHops === undefined ? {} : { xffNumTrustedHops: ir.trustedHops }),
    streamIdleTimeout: duration(0),
    normalizePath: ir.normalizesPath,
    ...(ir.mergesSlashes === true ? { mergeSlashes: true } : {}),
    pathWithEscapedSlashesAction: ir.unescapesSlashes === true ? UNESCAPE_AND_FORWARD : KEEP_UNCHANGED,
    proxy100Continue: true,
    upgradeConfigs: [{ upgradeType: 'websocket' }],
    requestIdExtension: { typedConfig: any(UuidRequestIdConfig, { useRequestIdForTraceSampling: true }) },
    ...(ir.accessLog === undefined ? {} : { accessLog: [accessLog(ir.accessLog)] }),
  };
}

function routes({ routes: ir, direction }: HttpManagerIr): NonNullable<HttpConnectionManager['routeSpecifier']> {
  if (ir.kind === 'rds') return { $case: 'rds', value: { configSource: overAds, routeConfigName: ir.name } };
  return {
    $case: 'routeConfig',
    value: {
      ...(direction === 'inbound' ? { name: ir.name, validateClusters: false } : routeConfiguration(ir.name, false)),
      virtualHosts: ir.hosts.map(virtualHost),
    },
  };
}

function clientCertificate({ direction, forwardClientCertificate }: HttpManagerIr): HttpConnectionManager {
  const isGateway = direction === 'gateway';
  const mode = forwardClientCertificate ?? (isGateway ? 'SANITIZE_SET' : 'APPEND_FORWARD');
  return {
    forwardClientCertDetails: HttpConnectionManager_ForwardClientCertDetails[mode],
    setCurrentClientCertDetails: { subject: true, dns: true, uri: true, ...(isGateway ? { cert: true } : {}) },
  };
}
