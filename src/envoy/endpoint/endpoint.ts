/** LoadAssignmentIr → ClusterLoadAssignment. */
import type { EndpointIr, LoadAssignmentIr, LocalityEndpointsIr } from '../../ir/endpoint.ts';
import type { Locality } from '../../proto/envoy/config/core/v3/base.ts';
import { HealthStatus } from '../../proto/envoy/config/core/v3/health_check.ts';
import type { ClusterLoadAssignment } from '../../proto/envoy/config/endpoint/v3/endpoint.ts';
import type { LbEndpoint, LocalityLbEndpoints } from '../../proto/envoy/config/endpoint/v3/endpoint_components.ts';
import { pipeAddress, socketAddress } from '../values.ts';

export function loadAssignment({
  cluster,
  localities,
  overprovisioningFactor,
}: LoadAssignmentIr): ClusterLoadAssignment {
  return {
    clusterName: cluster,
    endpoints: localities.map(localityEndpoints),
    ...(overprovisioningFactor === undefined ? {} : { policy: { overprovisioningFactor } }),
  };
}

function localityEndpoints({ locality, priority, weight, endpoints }: LocalityEndpointsIr): LocalityLbEndpoints {
  return {
    ...(locality === undefined ? {} : { locality: envoyLocality(locality) }),
    lbEndpoints: endpoints.map(lbEndpoint),
    ...(weight === 0 ? {} : { loadBalancingWeight: weight }),
    priority,
  };
}

function envoyLocality({ region, zone, subzone }: NonNullable<LocalityEndpointsIr['locality']>): Locality {
  return { region, zone, subZone: subzone };
}

function lbEndpoint({ address, port, weight, health, workload, tlsMode }: EndpointIr): LbEndpoint {
  const filterMetadata = {
    ...(workload === '' ? {} : { istio: { workload } }),
    ...(tlsMode === undefined ? {} : { 'envoy.transport_socket_match': { tlsMode } }),
  };
  return {
    hostIdentifier: {
      $case: 'endpoint',
      value: { address: port === 0 ? pipeAddress(address) : socketAddress(address, port) },
    },
    healthStatus: HealthStatus[health === 'unknown' ? 'UNKNOWN' : health],
    ...(weight === 0 ? {} : { loadBalancingWeight: weight }),
    ...(Object.keys(filterMetadata).length === 0 ? {} : { metadata: { filterMetadata } }),
  };
}
