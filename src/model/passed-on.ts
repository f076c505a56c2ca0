/**
 * Where connections come from that have passed a workload's Envoy: it binds these addresses for what it hands to the application, and
 * rules of interception, Istio's too, let such connections be.
 */
export const passedOn = { v4: '127.0.0.6', v6: '::6' } as const;
