/** What the fields of a DestinationRule are for. */

export const localityLoadBalancing = {
  distribute: 'Shares of traffic by locality; excludes failover.',
  'distribute.from': 'The locality of clients: region/zone/subzone, where * may stand for the rest.',
  'distribute.to': 'Percentages by locality of endpoints, 100 in sum.',
  failover: 'Where traffic goes when a region has no healthy endpoints.',
  'failover.from': 'The region that has none.',
  'failover.to': 'The region that takes its traffic.',
  failoverPriority: 'Labels by which endpoints are preferred, the more of them in a row agree with the client.',
  enabled: 'Whether locality matters; as in the mesh by default.',
};

export const consistentHash = {
  httpHeaderName: 'The header whose value decides.',
  httpCookie: 'The cookie whose value decides.',
  'httpCookie.name': 'The name of the cookie.',
  'httpCookie.path': 'The path of the cookie.',
  'httpCookie.ttl': 'How long the cookie lives; with it the proxy makes one for those that have none.',
  'httpCookie.attributes': 'Further attributes of a cookie that the proxy makes.',
  'httpCookie.attributes.name': 'The name of the attribute, such as SameSite.',
  'httpCookie.attributes.value': 'The value of the attribute.',
  useSourceIp: "Whether the client's address decides.",
  httpQueryParameterName: 'The parameter of the query whose value decides.',
  ringHash: 'Hashes onto a ring.',
  'ringHash.minimumRingSize': 'The least number of points on the ring.',
  maglev: 'Hashes by Maglev.',
  'maglev.tableSize': 'The size of the table, a prime number.',
  minimumRingSize: 'The least number of points on the ring; use ringHash.',
};

export const loadBalancer = {
  simple: 'How an endpoint is chosen when nothing of the request matters.',
  consistentHash: 'Chooses endpoints by a hash, so that like requests go to the same one.',
  localityLbSetting: 'How the localities of client and endpoints matter, in place of what the mesh says.',
  zoneAwareLbSetting: 'Keeps traffic in the zone of the client as far as endpoints are evenly spread.',
  'zoneAwareLbSetting.enabled': 'Whether zones matter.',
  'zoneAwareLbSetting.minClusterSize': 'The least number of endpoints at which zones matter.',
  'zoneAwareLbSetting.routingEnabled': 'The percentage of requests for which zones matter.',
  'zoneAwareLbSetting.failTrafficOnPanic': 'Whether requests fail when too few endpoints are healthy.',
  'zoneAwareLbSetting.forceLocalZone': 'Accepted without effect.',
  warmupDurationSecs: 'How long a new endpoint gets less traffic; use warmup.',
  warmup: 'How new endpoints get their full share of traffic little by little.',
  'warmup.duration': 'How long it takes.',
  'warmup.minimumPercent': 'The percentage of its share that an endpoint starts with; 10 by default.',
  'warmup.aggression': 'How the share grows: 1, the default, for evenly, more for slower at first.',
};

export const tcpKeepalive = {
  probes: 'How many probes go unanswered before the connection is taken for dead.',
  time: 'How long a connection is idle before the first probe.',
  interval: 'The time between probes.',
};

export const connectionPool = {
  tcp: 'Limits for all connections.',
  'tcp.maxConnections': 'The most connections to the host.',
  'tcp.connectTimeout': 'How long it may take to connect.',
  'tcp.tcpKeepalive': 'Probes by which dead connections are noticed.',
  'tcp.maxConnectionDuration': 'How long a connection may last.',
  'tcp.idleTimeout': 'How long a connection may be idle.',
  http: 'Limits for HTTP.',
  'http.http1MaxPendingRequests': 'The most requests that wait for a connection.',
  'http.http2MaxRequests': 'The most requests under way at a time.',
  'http.maxRequestsPerConnection': 'The most requests of one connection; 1 switches keep-alive off, 0 sets no limit.',
  'http.maxRetries': 'The most repeated attempts under way at a time.',
  'http.idleTimeout': 'How long a connection may be without requests; 0s for ever.',
  'http.h2UpgradePolicy': 'Whether HTTP/1.1 of clients becomes HTTP/2 to the host.',
  'http.useClientProtocol': 'Whether the host is spoken to in the protocol that the client uses.',
  'http.maxConcurrentStreams': 'The most requests under way on one HTTP/2 connection.',
  'http.http2KeepAlive': 'Pings by which dead HTTP/2 connections are noticed.',
  'http.http2KeepAlive.interval': 'The time between pings.',
  'http.http2KeepAlive.timeout': 'How long an answer may take.',
};

export const outlierDetection = {
  consecutiveErrors: 'Errors in a row that eject an endpoint; use consecutive5xxErrors or consecutiveGatewayErrors.',
  splitExternalLocalOriginErrors: 'Whether failures to connect are counted apart from answers with errors.',
  consecutiveLocalOriginFailures: 'Failures to connect in a row that eject an endpoint, where they are counted apart.',
  consecutiveGatewayErrors: 'Answers 502, 503 or 504 in a row that eject an endpoint; 0 switches it off.',
  consecutive5xxErrors: 'Answers of 5xx in a row that eject an endpoint; 5 by default, 0 switches it off.',
  outlierDetectionHttpErrorCodes: 'Statuses that count as errors, in place of 5xx.',
  interval: 'The time between two looks at the counts; 10s by default.',
  baseEjectionTime: 'How long an endpoint is ejected, times the number of its ejections; 30s by default.',
  maxEjectionPercent: 'The percentage of endpoints that may be ejected at a time; 10 by default.',
  minHealthPercent: 'The percentage of healthy endpoints below which nobody is ejected; 0 by default.',
};

export const clientTls = {
  mode: "Whether connections use TLS, and with whose certificate; ISTIO_MUTUAL takes the mesh's own.",
  clientCertificate: "The file of the client's certificate, for MUTUAL.",
  privateKey: 'The file of its private key, for MUTUAL.',
  caCertificates: 'The file of authorities that the certificate of the server must come from.',
  credentialName: 'The Secret with certificate, key and authorities, in place of files.',
  subjectAltNames: 'Names of which the certificate of the server must have one.',
  sni: 'The server name that the client asks for.',
  insecureSkipVerify: 'Whether any certificate of the server will do.',
  caCrl: 'The file of certificates that are revoked.',
};

export const portLevel = {
  port: 'The port that the settings are for.',
  'port.number': 'The number of the port.',
  'port.name': 'Not supported: ports are stated by number.',
  loadBalancer: 'How an endpoint is chosen.',
  connectionPool: 'Limits for connections and requests.',
  outlierDetection: 'When endpoints that fail are left out for a while.',
  tls: 'TLS of connections to the host.',
};

export const trafficPolicy = {
  loadBalancer: 'How an endpoint is chosen.',
  connectionPool: 'Limits for connections and requests.',
  outlierDetection: 'When endpoints that fail are left out for a while.',
  tls: 'TLS of connections to the host.',
  portLevelSettings: 'Settings of single ports, each in place of all others.',
  tunnel: 'Sends connections through a proxy that understands CONNECT or POST.',
  'tunnel.protocol': 'CONNECT or POST; CONNECT by default.',
  'tunnel.targetHost': 'The host that the proxy connects to.',
  'tunnel.targetPort': 'The port that the proxy connects to.',
  proxyProtocol: 'Tells the host the address of the client by the PROXY protocol.',
  'proxyProtocol.version': 'The version of the protocol; V1 by default.',
  retryBudget: 'Limits repeated attempts relative to requests under way.',
  'retryBudget.percent': 'The percentage of requests under way that may be repeated attempts; 20 by default.',
  'retryBudget.minRetryConcurrency': 'Repeated attempts that are always allowed at a time; 3 by default.',
};

export const destinationRule = {
  host: 'The host that the rule is for: a name, short names in the namespace of the object, or one that starts with *.',
  trafficPolicy: 'Settings of connections to the host.',
  subsets: 'Named parts of the endpoints of the host, such as versions.',
  'subsets.name': 'The name by which routes refer to the subset.',
  'subsets.labels': 'Labels that its endpoints have.',
  'subsets.trafficPolicy': 'Settings that lie over those of the host.',
  exportTo: 'Namespaces that see the object: names, . for its own, * for all; all by default.',
  workloadSelector: 'Clients of this namespace that the rule is for; all by default.',
  'workloadSelector.matchLabels': 'Labels that these clients have.',
};
