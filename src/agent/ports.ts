/** Istio's ports of a proxy. */
export const usualPorts = {
  admin: 15000,
  outbound: 15001,
  inbound: 15006,
  agent: 15020,
  status: 15021,
  dns: 15053,
  prometheus: 15090,
} as const;

/** Where the agent of a pod answers, as its ProxyConfig says. */
export function agentPortOf({ statusPort }: { readonly statusPort?: number }): number {
  return statusPort ?? usualPorts.agent;
}
