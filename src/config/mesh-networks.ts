/** MeshNetworks: which endpoints are in which network, and how a network is entered. Its schema, checks and decoding. */
import { type Infer, list, map, notExecuted, object, port, string } from '../lib/schema.ts';
import { decodeWith, type Finding, hasError } from '../model/decode.ts';
import { collect } from './check/check.ts';
import { checkMeshNetworks } from './check/mesh-networks.ts';

const networkEndpoints = object(
  { fromCidr: string, fromRegistry: string },
  { exclusive: [['fromCidr', 'fromRegistry']] },
);

const networkGateway = object(
  { registryServiceName: string, address: string, port, locality: notExecuted(string) },
  { required: ['port'], exclusive: [['registryServiceName', 'address']] },
);

const network = object({ endpoints: list(networkEndpoints), gateways: list(networkGateway) });

export const meshNetworks = object({ networks: map(network) });

export type MeshNetworks = Infer<typeof meshNetworks>;

export interface DecodedMeshNetworks {
  /** Absent when there is an error among the findings. */
  readonly networks?: MeshNetworks;
  readonly findings: readonly Finding[];
}

/** Decodes the document that Istio's ConfigMap `istio` holds under `meshNetworks`. */
export function decodeMeshNetworks(value: unknown): DecodedMeshNetworks {
  const findings: Finding[] = [];
  const networks = decodeWith(meshNetworks, value ?? {}, [], findings);
  if (networks !== undefined && !hasError(findings))
    checkMeshNetworks(networks, [], collect({ namespace: '', name: '', annotations: {} }, findings));
  return hasError(findings) || networks === undefined ? { findings } : { networks, findings };
}
