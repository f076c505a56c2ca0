/** What sources report, in the words of Istio's metrics as far as it has them. */
export type Inbound = 'config' | 'svc' | 'eds' | 'workload' | 'namespace' | 'secret' | 'mesh';
