/** The ports that a workload serves, with the services and rules that say how. */
import type { Graph } from '../incremental/graph.ts';
import type { Query } from '../incremental/query.ts';
import { ensure } from '../lib/ensure.ts';
import { originKey } from '../model/origin.ts';
import { clientIn, type Serving } from '../model/scope.ts';
import type { Service } from '../model/service.ts';
import { type DestinationPolicyQueries, policyOfPort } from './destination-policy.ts';
import type { InboundPort } from './inbound-port.ts';
import { ingressPorts } from './ingress-ports.ts';
import { apiPath } from './names.ts';
import type { ServiceQueries } from './services.ts';
import { meshKey, type Tables } from './tables.ts';
import { withMeshDefaults } from './upstream.ts';

export interface InboundQueries {
  /** In order of the ports. */
  readonly inboundPorts: Query<Serving, readonly InboundPort[]>;
}

export function inboundQueries(
  graph: Graph,
  { services, sidecars }: Tables,
  { settings }: ServiceQueries,
  { destinationPolicy }: DestinationPolicyQueries,
): InboundQueries {
  const inboundPorts = graph.query<Serving, readonly InboundPort[]>('inboundPorts', {
    reads: [services, sidecars, settings, destinationPolicy],
    keyOf: ({ key }) => key,
    compute(read, serving) {
      const { targets, namespace, sidecar: sidecarKey } = serving;
      const sidecar = sidecarKey === '' ? undefined : read.row(sidecars, sidecarKey);
      if (sidecar !== undefined && (sidecar.spec.ingress ?? []).length > 0) return ingressPorts(sidecar, serving);
      const byTarget = new Map<number, { readonly service: Service; readonly port: number }[]>();
      for (const { service: key, port, targetPort } of targets) {
        const service = read.row(services, key);
        if (service === undefined) continue;
        ensure(byTarget, targetPort, () => []).push({ service, port });
      }
      // The rules of the workload's own namespace count as for a client there; none that selects clients does.
      const self = clientIn(namespace);
      return [...byTarget]
        .sort(([a], [b]) => a - b)
        .flatMap(([targetPort, sharing]): InboundPort[] => {
          const [oldest] = sharing;
          const port = oldest?.service.ports.find(({ number }) => number === oldest.port);
          if (oldest === undefined || port === undefined || port.protocol === 'UDP') return [];
          const { service } = oldest;
          const rule = read.cell(destinationPolicy, {
            client: self,
            host: service.hostname,
            namespace: service.namespace,
          });
          const { connectionPool: ruled } = withMeshDefaults(
            policyOfPort(rule?.trafficPolicy, undefined, port.number),
            read.cell(settings, meshKey),
          );
          const alike = sharing.filter((one) => one.port === oldest.port).map((one) => one.service);
          return [
            {
              targetPort,
              protocol: port.protocol,
              service,
              port,
              services: alike,
              connectionPool: sidecar?.spec.inboundConnectionPool ?? ruled,
              ...(rule === undefined ? {} : { config: apiPath('destination-rule', rule.namespace, rule.name) }),
              origins: [...alike.map(({ origin }) => originKey(origin)), ...(rule?.origins ?? [])],
            },
          ];
        });
    },
  });
  return { inboundPorts };
}
