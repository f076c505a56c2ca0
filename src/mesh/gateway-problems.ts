/** What a gateway proxy does not serve although a Gateway or a rule asks for it, and why. */
import type { Config } from '../config/config.ts';
import type { Gateway, GatewayServer } from '../config/gateway.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import type { Code } from '../model/codes.ts';
import { lineOf, type Origin } from '../model/origin.ts';
import { type Problem, placeOf, type Severity } from '../model/problem.ts';
import { serverCredentials } from './credentials.ts';
import { type GatewayListenerQueries, type GatewayProxy, gatewayProxyKey } from './gateway-listeners.ts';
import { allHosts, type PlannedListener, type PlannedServer } from './gateway-plan.ts';
import { mayBind } from './gateway-ports.ts';
import type { GatewayQueries } from './gateway-routes.ts';
import type { SecretQueries } from './secrets.ts';
import type { Tables } from './tables.ts';

export interface GatewayProblemQueries {
  readonly gatewayProblems: Query<GatewayProxy, readonly Problem[]>;
}

export function gatewayProblemQueries(
  graph: Graph,
  { gateways }: Tables,
  { gatewayPlan }: GatewayQueries,
  { gatewayListeners }: GatewayListenerQueries,
  { secret }: SecretQueries,
): GatewayProblemQueries {
  const gatewayProblems = graph.query<GatewayProxy, readonly Problem[]>('gatewayProblems', {
    reads: [gateways, gatewayPlan, gatewayListeners, secret],
    keyOf: gatewayProxyKey,
    compute(read, proxy) {
      const { listeners, conflicts } = read.cell(gatewayPlan, proxy.serving);
      const ofGateway = (key: string) => read.row(gateways, key);
      return [
        ...conflicts.flatMap(({ gateway, server, message }) =>
          serverProblem(ofGateway(gateway), server, { code: 'FW0405', severity: 'error', message }),
        ),
        ...read
          .cell(gatewayListeners, proxy)
          .conflicts.map(({ rule, path, message }) =>
            problem(rule.origin, path, { code: 'FW0405', severity: 'error', message }),
          ),
        ...listeners.flatMap((listener) => [
          ...lowPorts(listener, proxy, ofGateway),
          ...meshIdentities(listener, ofGateway),
          ...listener.servers.flatMap((server) => missingSecrets(read, server, proxy, ofGateway)),
        ]),
      ];
    },
  });

  function missingSecrets(
    read: Reader,
    planned: PlannedServer,
    proxy: GatewayProxy,
    ofGateway: FindGateway,
  ): readonly Problem[] {
    if (planned.kind !== 'https' && planned.kind !== 'terminated') return [];
    const { certificates, authority } = serverCredentials(planned.server.tls ?? {});
    const isMissing = (name: string) => read.cell(secret, { ...proxy, name }) === undefined;
    const missing = [
      ...certificates.filter(isMissing).map((name) => `a certificate in the Secret ${secretOf(name, proxy)}`),
      ...(authority !== undefined && isMissing(authority)
        ? [`authorities for clients in the Secret ${secretOf(authority, proxy)}`]
        : []),
    ];
    const hosts = allHosts(planned).join(', ');
    return missing.flatMap((what) =>
      serverProblem(ofGateway(planned.gateway), planned.index, {
        code: 'FW0406',
        severity: 'error',
        part: 'tls.credentialName',
        message: `expected ${what}, found none that can be served: handshakes for ${hosts} are refused until there is one`,
      }),
    );
  }

  return { gatewayProblems };
}

type FindGateway = (key: string) => Config<Gateway> | undefined;

function secretOf(name: string, { serving: { namespace } }: GatewayProxy): string {
  const own = name.replace(/^kubernetes:\/\//, '');
  return own.includes('/') ? own : `${namespace}/${own}`;
}

/** Servers that take the mesh's own TLS: nobody issues the certificates for it yet. */
function meshIdentities({ servers }: PlannedListener, ofGateway: FindGateway): readonly Problem[] {
  const message =
    'ISTIO_MUTUAL comes with mutual TLS, for which this version issues no certificates: handshakes are refused unless an agent at the proxy has one';
  return servers
    .filter(({ server }) => server.tls?.mode === 'ISTIO_MUTUAL')
    .flatMap(({ gateway, index }) =>
      serverProblem(ofGateway(gateway), index, { code: 'FW0009', severity: 'warning', part: 'tls.mode', message }),
    );
}

/** Listeners on ports that a proxy without privileges cannot bind; a Service in front of it would translate them. */
function lowPorts(
  { port, servers }: PlannedListener,
  { capture }: GatewayProxy,
  ofGateway: FindGateway,
): readonly Problem[] {
  if (mayBind(port, capture)) return [];
  const message = `expected a port from 1024 for a proxy that may not bind lower ones, found ${port}: a Service in front of it may translate it by its targetPort`;
  return servers.flatMap(({ gateway, index }) =>
    serverProblem(ofGateway(gateway), index, { code: 'FW0405', severity: 'warning', part: 'port.number', message }),
  );
}

interface Finding {
  readonly code: Code;
  readonly severity: Severity;
  readonly message: string;
}

function serverProblem(
  gateway: Config<{ readonly servers?: readonly GatewayServer[] }> | undefined,
  server: number,
  { part, ...finding }: Finding & { readonly part?: string },
): readonly Problem[] {
  if (gateway === undefined) return [];
  const path = `spec.servers[${server}]`;
  return [problem(gateway.origin, part === undefined ? path : `${path}.${part}`, finding)];
}

function problem(origin: Origin, path: string, finding: Finding): Problem {
  return { ...finding, path, ...placeOf(origin, lineOf(origin, path)) };
}
