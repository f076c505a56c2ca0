/** What the fields of a VirtualService are for. */

export const stringMatch = {
  exact: 'The whole text, letter for letter.',
  prefix: 'What the text starts with.',
  regex: 'A regular expression of RE2 that the whole text matches.',
};

export const percent = { value: 'A percentage from 0 to 100, with or without a fraction.' };

export const destination = {
  host: 'The host of a service that the mesh knows; a short name is one of the namespace of this object.',
  subset: 'A subset that a DestinationRule of the host names.',
  port: 'The port of the host; may be left out where the host has only one.',
  'port.number': 'The number of the port.',
  'port.name': 'Not supported: ports are stated by number.',
};

export const headerOperations = {
  set: 'Headers that get this value, in place of any that they have.',
  add: 'Values that are added to the headers of these names.',
  remove: 'Names of headers that are taken away.',
};

export const headers = {
  request: 'Changes to what is sent to the destination.',
  response: 'Changes to what is sent back to the client.',
};

export const httpMatch = {
  name: 'A name for the condition; it becomes part of the name of the route.',
  uri: 'The path of the request.',
  scheme: 'The scheme of the request, such as https.',
  method: 'The method of the request, such as GET.',
  authority: 'The authority of the request: its host, and its port if it names one.',
  headers: 'Headers by name, in lower case; an empty condition asks only that the header is there.',
  withoutHeaders: 'Headers by name that must be absent or match otherwise.',
  queryParams: 'Parameters of the query by name; an empty condition asks only that the parameter is there.',
  ignoreUriCase: 'Whether the path matches in capital and small letters alike; not for regular expressions.',
  port: 'The port that the request was sent to.',
  sourceLabels: 'Labels that the client has.',
  sourceNamespace: 'The namespace that the client is in.',
  gateways: 'Gateways at which the condition holds, in place of those of the whole object.',
  statPrefix: 'A name under which the proxy keeps statistics of these requests.',
};

export const httpRetry = {
  attempts: 'How often a failed request is tried again at most; 0 for never.',
  perTryTimeout: 'How long each attempt may take; the timeout of the route by default.',
  retryOn: 'Kinds of failures and status codes that are tried again, separated by commas.',
  retryRemoteLocalities: 'Whether another attempt may go to another locality.',
  retryIgnorePreviousHosts: 'Whether another attempt goes to an endpoint that was not tried yet.',
  backoff: 'The least time between two attempts.',
};

export const corsPolicy = {
  allowOrigin: 'Origins that may call, letter for letter; use allowOrigins.',
  allowOrigins: 'Origins that may call.',
  allowMethods: 'Methods that other origins may use.',
  allowHeaders: 'Headers that other origins may send.',
  exposeHeaders: 'Headers that pages of other origins may read.',
  maxAge: 'How long a browser may remember the answer to a preflight.',
  allowCredentials: 'Whether calls of other origins may carry credentials.',
  unmatchedPreflights: 'Whether preflights of other origins go on to the service or are answered by the proxy.',
};

export const weightedDestination = {
  destination: 'Where connections go.',
  weight: 'The share of connections that go there, relative to the sum of all weights.',
};

export const httpRoute = {
  name: 'A name for the route; it appears in access logs.',
  match: 'Conditions of which one must hold; without any the route takes every request.',
  route: 'Where requests go, by weight.',
  'route.destination': 'The service that gets the requests.',
  'route.weight': 'The share of requests that go there, relative to the sum of all weights.',
  'route.headers': 'Changes to headers of requests that go there and of their responses.',
  redirect: 'Answers with a redirect.',
  'redirect.uri': 'The path of the new address.',
  'redirect.prefixRewrite': 'What the matched prefix of the path becomes in the new address.',
  'redirect.authority': 'The host of the new address.',
  'redirect.port': 'The port of the new address.',
  'redirect.derivePort': 'Whether the port of the new address follows from the scheme or from the request.',
  'redirect.scheme': 'The scheme of the new address.',
  'redirect.redirectCode': 'The status of the answer: 301, 302, 303, 307 or 308; 301 by default.',
  directResponse: 'Answers without asking a service.',
  'directResponse.status': 'The status of the answer.',
  'directResponse.body': 'The body of the answer.',
  'directResponse.body.string': 'The body as text.',
  'directResponse.body.bytes': 'The body as bytes in base64.',
  delegate: 'Another VirtualService, without hosts, whose routes stand in the place of this one.',
  'delegate.name': 'The name of the other VirtualService.',
  'delegate.namespace': 'Its namespace; that of this object by default.',
  rewrite: 'Changes to path and authority before the request goes on.',
  'rewrite.uri': 'What the path, or its matched prefix, becomes.',
  'rewrite.authority': 'What the authority becomes.',
  'rewrite.uriRegexRewrite': 'A change of the path by a regular expression.',
  'rewrite.uriRegexRewrite.match': 'A regular expression of RE2 that finds what is replaced.',
  'rewrite.uriRegexRewrite.rewrite': 'What is put in its place; \\1 stands for the first group.',
  timeout: 'How long a request may take with all its attempts; 0 or none for no limit.',
  retries: 'When and how often failed requests are tried again.',
  fault: 'Faults that are put in to see how clients cope.',
  'fault.delay': 'Requests that are held back.',
  'fault.delay.percent': 'Their share as a whole percentage; use percentage.',
  'fault.delay.percentage': 'Their share; all by default.',
  'fault.delay.fixedDelay': 'How long they are held back.',
  'fault.delay.exponentialDelay': 'Not supported.',
  'fault.abort': 'Requests that are answered with an error.',
  'fault.abort.percentage': 'Their share; all by default.',
  'fault.abort.httpStatus': 'The HTTP status of the error.',
  'fault.abort.grpcStatus': 'The gRPC status of the error, such as UNAVAILABLE.',
  'fault.abort.http2Error': 'Not supported.',
  mirror: 'A service that gets copies of the requests, whose answers nobody waits for.',
  mirrors: 'Services that get copies of the requests.',
  'mirrors.destination': 'The service that gets the copies.',
  'mirrors.percentage': 'The share of requests that are copied; all by default.',
  mirrorPercent: 'The share of requests that are copied, in whole percent; use mirrorPercentage.',
  mirrorPercentage: 'The share of requests that are copied; all by default.',
  corsPolicy: 'Who of other origins may call from a browser.',
  headers: 'Changes to headers of all requests of this route and of their responses.',
};

export const l4Match = {
  destinationSubnets: 'Addresses or blocks of addresses that the connection was meant for.',
  port: 'The port that the connection was meant for.',
  sourceLabels: 'Labels that the client has.',
  gateways: 'Gateways at which the condition holds, in place of those of the whole object.',
  sourceNamespace: 'The namespace that the client is in.',
  sourceSubnet: 'Not supported.',
};

export const tlsMatch = { sniHosts: 'Server names that the client asks for; each within the hosts of the object.' };

export const virtualService = {
  hosts: 'Hosts that the rules are for: names, names that start with *. or addresses; empty for a delegate.',
  gateways: 'Gateways at which the rules hold; mesh, the default, stands for all sidecars.',
  http: 'Rules for HTTP, of which the first that matches is taken.',
  tls: 'Rules for TLS that is passed through, by server name; the first that matches is taken.',
  'tls.match': 'Conditions of which one must hold.',
  'tls.route': 'Where connections go, by weight.',
  tcp: 'Rules for all other connections; the first that matches is taken.',
  'tcp.match': 'Conditions of which one must hold; without any the rule takes every connection.',
  'tcp.route': 'Where connections go, by weight.',
  exportTo: 'Namespaces that see the object: names, . for its own, * for all; all by default.',
};
