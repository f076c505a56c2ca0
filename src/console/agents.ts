/** A proxy is an Envoy and the agent beside it, which may ask on a stream of its own for what only agents ask for. */
import { agentTypes, pushOrder } from '../resource/types.ts';
import type { ConnectionStatus } from '../xds/ads-service.ts';

/**
 * One for each Envoy, with what its agent follows among its types, so that a pod counts once; in their order. An agent whose
 * Envoy is not connected stands for itself.
 */
export function withAgents(connections: readonly ConnectionStatus[]): readonly ConnectionStatus[] {
  const agents = Map.groupBy(connections.filter(isAgent), ({ proxy }) => proxy.nodeId);
  if (agents.size === 0) return connections;
  const envoys = new Map(connections.filter((one) => !isAgent(one)).map((one) => [one.proxy.nodeId, one]));
  return connections.flatMap((connection) => {
    const { nodeId } = connection.proxy;
    if (isAgent(connection)) return envoys.has(nodeId) ? [] : [connection];
    // A proxy that has come back may not have gone yet: of both connections the later one counts.
    const agent = envoys.get(nodeId) === connection ? agents.get(nodeId)?.at(-1) : undefined;
    return [agent === undefined ? connection : { ...connection, types: [...connection.types, ...agent.types] }];
  });
}

function isAgent({ types }: ConnectionStatus): boolean {
  const asked = pushOrder.filter((type) => types.some(({ typeUrl }) => typeUrl === type));
  return asked.length > 0 && asked.every((type) => agentTypes.has(type));
}
