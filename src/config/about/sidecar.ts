/** What the fields of a Sidecar are for. */

export const outboundTrafficPolicy = {
  mode: 'What becomes of calls to hosts that nobody knows: let through, refused, or looked up in DNS.',
  egressProxy: 'The service that gets calls to hosts that nobody knows.',
};

const listen = {
  bind: 'The address or unix:// path to listen on.',
  captureMode: 'Whether connections are redirected here by iptables, or made to this address.',
};

export const ingressListener = {
  ...listen,
  port: 'The port that clients connect to.',
  defaultEndpoint: 'Where the application listens: 127.0.0.1:port, 0.0.0.0:port or unix://path.',
  tls: 'TLS that ends here, with certificates of its own.',
  connectionPool: 'Limits for connections to the application.',
};

export const egressListener = {
  ...listen,
  port: 'The port that the application connects to; without it, all ports that nobody else has.',
  hosts: 'Hosts that the application may call, as namespace/host; * for any, . and ~ for the own namespace and none.',
};

export const sidecar = {
  workloadSelector: 'Workloads of this namespace that the object is for; all by default.',
  'workloadSelector.labels': 'Labels that these workloads have.',
  ingress: 'What the application serves, in place of what its Services say.',
  egress: 'What the application calls; everything visible by default.',
  inboundConnectionPool: 'Limits for connections to the application, on all its ports.',
  outboundTrafficPolicy: 'What becomes of calls to hosts that nobody knows, in place of what the mesh says.',
};
