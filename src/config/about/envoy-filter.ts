/** What the fields of EnvoyFilter, ProxyConfig and WorkloadGroup are for. */

export const envoyMatch = {
  context: 'Where: towards the application, away from it, at gateways, or anywhere.',
  proxy: 'Which proxies.',
  'proxy.proxyVersion': 'A regular expression of RE2 that the version of the proxy matches.',
  'proxy.metadata': 'Metadata that the node of the proxy has.',
  listener: 'Which listeners, filter chains and filters.',
  'listener.portNumber': 'The port that the listener is for.',
  'listener.portName': 'Accepted without effect.',
  'listener.name': 'The name of the listener.',
  'listener.listenerFilter': 'The name of a listener filter.',
  'listener.filterChain': 'Which filter chains of the listener.',
  'listener.filterChain.name': 'The name of the filter chain.',
  'listener.filterChain.sni': 'A server name that the filter chain matches.',
  'listener.filterChain.transportProtocol': 'The transport protocol that the filter chain matches: raw_buffer or tls.',
  'listener.filterChain.applicationProtocols': 'Application protocols that the filter chain matches, with commas.',
  'listener.filterChain.destinationPort': 'The destination port that the filter chain matches.',
  'listener.filterChain.filter': 'Which network filter of the chain.',
  'listener.filterChain.filter.name': 'The name of the network filter.',
  'listener.filterChain.filter.subFilter': 'Which filter within it.',
  'listener.filterChain.filter.subFilter.name': 'The name of the HTTP filter.',
  routeConfiguration: 'Which route configurations, virtual hosts and routes.',
  'routeConfiguration.portNumber': 'The port that the route configuration is for.',
  'routeConfiguration.portName': 'The name of the server port at a gateway.',
  'routeConfiguration.gateway': 'The Gateway that the route configuration comes from, as namespace/name.',
  'routeConfiguration.name': 'The name of the route configuration.',
  'routeConfiguration.vhost': 'Which virtual hosts.',
  'routeConfiguration.vhost.name': 'The name of the virtual host, such as reviews.shop.svc.cluster.local:80.',
  'routeConfiguration.vhost.domainName': 'A domain that the virtual host has.',
  'routeConfiguration.vhost.route': 'Which routes.',
  'routeConfiguration.vhost.route.name': 'The name of the route.',
  'routeConfiguration.vhost.route.action': 'What the route does.',
  cluster: 'Which clusters.',
  'cluster.portNumber': 'The port of the service.',
  'cluster.service': 'The host of the service.',
  'cluster.subset': 'The subset of the service.',
  'cluster.name': 'The name of the cluster.',
  waypoint: 'Accepted without effect.',
};

export const configPatch = {
  applyTo: 'What kind of thing is changed.',
  match: 'Which things of that kind; all by default.',
  patch: 'How they are changed.',
  'patch.operation': 'Whether something is merged in, added, removed or replaced, and where.',
  'patch.value': 'The message of Envoy, in the JSON form of protobuf.',
  'patch.filterClass': 'Accepted without effect.',
};

export const envoyFilter = {
  workloadSelector: 'Workloads of this namespace that the object is for; all by default.',
  'workloadSelector.labels': 'Labels that these workloads have.',
  targetRefs: 'Gateways or Services that the object is for.',
  configPatches: 'Changes to what the proxies are given, in this order.',
  priority: 'The order among objects: lower ones first; 0 by default.',
};

export const proxyConfig = {
  selector: 'Workloads of this namespace that the object is for; all by default.',
  concurrency: 'How many threads the proxy uses; 0 for one per core.',
  environmentVariables: 'Further variables in the environment of the proxy.',
  image: 'The image of the proxy.',
  'image.imageType': 'The kind of image, such as distroless.',
};

export const readinessProbe = {
  initialDelaySeconds: 'Seconds before the first probe.',
  timeoutSeconds: 'Seconds that an answer may take.',
  periodSeconds: 'Seconds between probes.',
  successThreshold: 'Good answers in a row that make the workload healthy.',
  failureThreshold: 'Failures in a row that make it unhealthy.',
  httpGet: 'Asks by HTTP.',
  'httpGet.path': 'The path that is asked for.',
  'httpGet.port': 'The port that is asked.',
  'httpGet.host': 'The host that is asked; the workload itself by default.',
  'httpGet.scheme': 'HTTP or HTTPS.',
  'httpGet.httpHeaders': 'Headers that are sent.',
  'httpGet.httpHeaders.name': 'The name of the header.',
  'httpGet.httpHeaders.value': 'The value of the header.',
  tcpSocket: 'Asks by connecting.',
  'tcpSocket.host': 'The host that is connected to; the workload itself by default.',
  'tcpSocket.port': 'The port that is connected to.',
  exec: 'Asks by running a command.',
  'exec.command': 'The command with its arguments; good if it ends with 0.',
  grpc: "Asks by gRPC's health protocol.",
  'grpc.port': 'The port that is asked.',
  'grpc.service': 'The service that is asked for.',
};

export const workloadGroup = {
  metadata: 'Labels and annotations of the WorkloadEntries that are made.',
  'metadata.labels': 'Their labels.',
  'metadata.annotations': 'Their annotations.',
  template: 'What the WorkloadEntries have in common.',
  probe: 'How to find out whether a workload is healthy.',
};
