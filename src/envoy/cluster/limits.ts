/** LimitsIr → CircuitBreakers. */
import type { LimitsIr } from '../../ir/cluster.ts';
import type { CircuitBreakers } from '../../proto/envoy/config/cluster/v3/circuit_breaker.ts';

/** Envoy's own defaults are 1024 connections and 3 retries; a mesh only limits what a rule limits. */
const unlimited = 2 ** 32 - 1;

export function limits({
  maxConnections,
  maxPendingRequests,
  maxRequests,
  maxRetries,
  retryBudget,
}: LimitsIr): CircuitBreakers {
  return {
    thresholds: [
      {
        maxConnections: maxConnections ?? unlimited,
        maxPendingRequests: maxPendingRequests ?? unlimited,
        maxRequests: maxRequests ?? unlimited,
        maxRetries: maxRetries ?? unlimited,
        ...(retryBudget === undefined
          ? {}
          : {
              retryBudget: {
                budgetPercent: { value: retryBudget.percent },
                minRetryConcurrency: retryBudget.minConcurrency,
              },
            }),
      },
    ],
  };
}
