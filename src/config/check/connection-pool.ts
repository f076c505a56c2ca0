/** The rules for connection pools and outlier detection beyond their schemas; rules for clients, servers and the mesh hold them. */
import type { Path } from '../../lib/schema.ts';
import type { ConnectionPool, OutlierDetection, TcpKeepalive } from '../destination-rule.ts';
import { type Check, checkDuration, checkDurationOrZero } from './check.ts';

export function checkConnectionPool(check: Check, path: Path, { tcp, http }: ConnectionPool): void {
  if (tcp === undefined && http === undefined) check.error('FW0205', path, 'expected tcp or http, found none');
  for (const [part, settings] of [
    ['tcp', tcp],
    ['http', http],
  ] as const) {
    if (settings === undefined) continue;
    if (Object.keys(settings).length === 0)
      check.warning('FW0205', [...path, part], 'expected at least one setting, found none');
  }
  for (const name of ['http1MaxPendingRequests', 'http2MaxRequests', 'maxRequestsPerConnection'] as const)
    checkCount(check, [...path, 'http', name], http?.[name]);
  for (const name of ['maxRetries', 'maxConcurrentStreams'] as const)
    checkCount(check, [...path, 'http', name], http?.[name]);
  checkCount(check, [...path, 'tcp', 'maxConnections'], tcp?.maxConnections);
  checkDuration(check, 'FW0205', [...path, 'tcp', 'connectTimeout'], tcp?.connectTimeout);
  checkDuration(check, 'FW0205', [...path, 'tcp', 'maxConnectionDuration'], tcp?.maxConnectionDuration);
  checkDurationOrZero(check, 'FW0205', [...path, 'tcp', 'idleTimeout'], tcp?.idleTimeout);
  if (tcp?.tcpKeepalive !== undefined) checkKeepalive(check, [...path, 'tcp', 'tcpKeepalive'], tcp.tcpKeepalive);
  checkDuration(check, 'FW0205', [...path, 'http', 'idleTimeout'], http?.idleTimeout);
  if (http?.h2UpgradePolicy === 'UPGRADE' && http.useClientProtocol === true)
    check.error(
      'FW0205',
      [...path, 'http'],
      'expected one of h2UpgradePolicy UPGRADE and useClientProtocol, found both',
    );
}

function checkCount(check: Check, path: Path, value: number | undefined): void {
  if (value !== undefined && value < 0) check.error('FW0205', path, `expected 0 or more, found ${value}`);
}

export function checkKeepalive(check: Check, path: Path, { time, interval }: TcpKeepalive): void {
  checkDuration(check, 'FW0205', [...path, 'time'], time);
  checkDuration(check, 'FW0205', [...path, 'interval'], interval);
}

export function checkOutlierDetection(check: Check, path: Path, outlier: OutlierDetection): void {
  for (const name of ['interval', 'baseEjectionTime'] as const)
    checkDuration(check, 'FW0206', [...path, name], outlier[name]);
  for (const name of ['maxEjectionPercent', 'minHealthPercent'] as const) {
    const value = outlier[name];
    if (value !== undefined && (value < 0 || value > 100))
      check.error('FW0206', [...path, name], `expected 0 to 100, found ${value}`);
  }
  if (outlier.consecutiveErrors !== undefined)
    check.warning(
      'FW0009',
      [...path, 'consecutiveErrors'],
      'consecutiveErrors has no effect: use consecutive5xxErrors or consecutiveGatewayErrors',
    );
  if (outlier.splitExternalLocalOriginErrors !== true && (outlier.consecutiveLocalOriginFailures ?? 0) > 0)
    check.error(
      'FW0206',
      [...path, 'consecutiveLocalOriginFailures'],
      'expected splitExternalLocalOriginErrors: true beside it, without which it does nothing',
    );
}
