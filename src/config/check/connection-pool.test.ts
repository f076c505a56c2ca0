import { describe } from 'node:test';
import { neighbours } from '../../../test/support/neighbours.ts';

const policy = (part: string) => `host: a\ntrafficPolicy: {${part}}`;

describe('a connection pool', () => {
  const check = neighbours('DestinationRule', (part) => policy(`connectionPool: {${part}}`));
  const at = 'spec.trafficPolicy.connectionPool';
  const duration = 'expected at least 1ms, in whole milliseconds, found';
  check('is for TCP or HTTP', 'tcp: {maxConnections: 1}', '', `error FW0205 ${at}: expected tcp or http, found none`);
  check(
    'has settings',
    'http: {maxRetries: 0}',
    'http: {}',
    `warning FW0205 ${at}.http: expected at least one setting, found none`,
  );
  check(
    'counts from 0',
    'tcp: {maxConnections: 0}, http: {http1MaxPendingRequests: 0, maxConcurrentStreams: 0}',
    'tcp: {maxConnections: -1}, http: {http1MaxPendingRequests: -2, maxConcurrentStreams: -3}',
    `error FW0205 ${at}.http.http1MaxPendingRequests: expected 0 or more, found -2`,
    `error FW0205 ${at}.http.maxConcurrentStreams: expected 0 or more, found -3`,
    `error FW0205 ${at}.tcp.maxConnections: expected 0 or more, found -1`,
  );
  check(
    'waits for a millisecond or more',
    'tcp: {connectTimeout: 1ms, idleTimeout: 0s, tcpKeepalive: {time: 1s, interval: 1s}}, http: {idleTimeout: 1s}',
    'tcp: {connectTimeout: 0s, maxConnectionDuration: 1us, tcpKeepalive: {time: 0s, interval: 0s}}, http: {idleTimeout: 0s}',
    `error FW0205 ${at}.tcp.connectTimeout: ${duration} 0ms`,
    `error FW0205 ${at}.tcp.maxConnectionDuration: ${duration} 0.001ms`,
    `error FW0205 ${at}.tcp.tcpKeepalive.time: ${duration} 0ms`,
    `error FW0205 ${at}.tcp.tcpKeepalive.interval: ${duration} 0ms`,
    `error FW0205 ${at}.http.idleTimeout: ${duration} 0ms`,
  );
  check(
    'upgrades or follows the client',
    'http: {useClientProtocol: true}',
    'http: {useClientProtocol: true, h2UpgradePolicy: UPGRADE}',
    `error FW0205 ${at}.http: expected one of h2UpgradePolicy UPGRADE and useClientProtocol, found both`,
  );
});

describe('outlier detection', () => {
  const check = neighbours('DestinationRule', (part) => policy(`outlierDetection: {${part}}`));
  const at = 'spec.trafficPolicy.outlierDetection';
  check(
    'looks after a millisecond or more',
    'interval: 1s, baseEjectionTime: 1s',
    'interval: 0s, baseEjectionTime: 0s',
    `error FW0206 ${at}.interval: expected at least 1ms, in whole milliseconds, found 0ms`,
    `error FW0206 ${at}.baseEjectionTime: expected at least 1ms, in whole milliseconds, found 0ms`,
  );
  check(
    'ejects a share of the endpoints',
    'maxEjectionPercent: 100, minHealthPercent: 0',
    'maxEjectionPercent: 101, minHealthPercent: -1',
    `error FW0206 ${at}.maxEjectionPercent: expected 0 to 100, found 101`,
    `error FW0206 ${at}.minHealthPercent: expected 0 to 100, found -1`,
  );
  check(
    'counts local failures when they are told apart',
    'splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 1',
    'consecutiveLocalOriginFailures: 1',
    `error FW0206 ${at}.consecutiveLocalOriginFailures: expected splitExternalLocalOriginErrors: true beside it, without which it does nothing`,
  );
  check(
    'counts errors by their new names',
    'consecutive5xxErrors: 1',
    'consecutiveErrors: 1',
    `warning FW0009 ${at}.consecutiveErrors: consecutiveErrors has no effect: use consecutive5xxErrors or consecutiveGatewayErrors`,
  );
});
