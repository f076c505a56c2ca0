/** What the fields of ServiceEntries and WorkloadEntries are for. */

export const workloadEntry = {
  address: 'The IP address, DNS name or unix:// path of the workload.',
  ports: 'Ports of the workload by the names that the ports of services have.',
  labels: 'Labels of the workload.',
  network: 'The network that the workload is in; workloads of one network reach each other directly.',
  locality: 'Where the workload runs: region/zone/subzone.',
  weight: 'The share of traffic that the workload gets, relative to others.',
  serviceAccount: 'The service account that the workload runs as.',
};

export const serviceEntry = {
  hosts: 'Hosts that the service is called by: names, or ones that start with *.',
  addresses: 'Virtual addresses of the service, or blocks of addresses.',
  ports: 'Ports of the service.',
  'ports.number': 'The number of the port.',
  'ports.protocol': 'HTTP, HTTPS, HTTP2, GRPC, MONGO, TCP, TLS and the like.',
  'ports.name': 'A name for the port, by which endpoints refer to it.',
  'ports.targetPort': 'The port of endpoints that state none; the same number by default.',
  location: 'Whether the service is part of the mesh.',
  resolution: 'How the endpoints are found: as stated, by DNS, or where the client goes.',
  endpoints: 'The endpoints of the service.',
  workloadSelector: 'The workloads of this namespace, pods and WorkloadEntries, that are its endpoints.',
  'workloadSelector.labels': 'Labels that these workloads have.',
  exportTo: 'Namespaces that see the service: names, . for its own, * for all; all by default.',
  subjectAltNames: 'Names of which the certificates of its endpoints must have one.',
};
