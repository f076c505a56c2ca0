/** What the fields of PeerAuthentication, RequestAuthentication and AuthorizationPolicy are for. */

export const selector = { matchLabels: 'Labels that the workloads have.' };

export const targetRef = {
  group: 'The group of the target; empty for the core of Kubernetes.',
  kind: 'The kind of the target, such as Gateway or Service.',
  name: 'The name of the target.',
  namespace: 'The namespace of the target, which must be that of the object.',
};

export const attachment = {
  selector: 'Workloads of this namespace that the object is for; all by default.',
  targetRef: 'The Gateway or Service that the object is for.',
  targetRefs: 'Gateways or Services that the object is for.',
};

export const mutualTls = { mode: 'Whether clients must, may or must not use mutual TLS.' };

export const peerAuthentication = {
  selector: 'Workloads of this namespace that the object is for; all by default.',
  mtls: 'Mutual TLS of all ports.',
  portLevelMtls: 'Mutual TLS of single ports of the workload, by number.',
};

export const jwtRule = {
  issuer: 'Who issues the tokens.',
  audiences: 'Audiences of which a token must have one.',
  jwksUri: 'Where the public keys are fetched from.',
  jwks: 'The public keys themselves.',
  fromHeaders: 'Headers that hold a token.',
  'fromHeaders.name': 'The name of the header.',
  'fromHeaders.prefix': 'What stands in front of the token, such as "Bearer ".',
  fromParams: 'Parameters of the query that hold a token.',
  fromCookies: 'Cookies that hold a token.',
  outputPayloadToHeader: 'The header in which the payload of a good token goes on, in base64url.',
  outputClaimToHeaders: 'Claims that go on in headers.',
  'outputClaimToHeaders.header': 'The name of the header.',
  'outputClaimToHeaders.claim': 'The name of the claim.',
  forwardOriginalToken: 'Whether the token goes on to the application.',
  timeout: 'How long fetching the public keys may take.',
  spaceDelimitedClaims: 'Claims that are lists with spaces between their parts, beside scope and permission.',
};

export const requestAuthentication = {
  ...attachment,
  jwtRules: 'Tokens that are accepted.',
};

export const source = {
  principals: 'Identities by certificate, such as cluster.local/ns/shop/sa/reviews.',
  notPrincipals: 'Identities that are excepted.',
  requestPrincipals: 'Identities by token, as issuer/subject.',
  notRequestPrincipals: 'Identities by token that are excepted.',
  namespaces: 'Namespaces of the identity by certificate.',
  notNamespaces: 'Namespaces that are excepted.',
  serviceAccounts: 'Service accounts of the identity by certificate, as name or namespace/name.',
  notServiceAccounts: 'Service accounts that are excepted.',
  trustDomains: 'Trust domains of the identity by certificate.',
  notTrustDomains: 'Trust domains that are excepted.',
  ipBlocks: 'Addresses, or blocks of them, that packets come from.',
  notIpBlocks: 'Addresses that are excepted.',
  remoteIpBlocks: 'Addresses, or blocks of them, of the client as X-Forwarded-For or the PROXY protocol tells it.',
  notRemoteIpBlocks: 'Addresses of the client that are excepted.',
};

export const operation = {
  hosts: 'Hosts that are asked for.',
  notHosts: 'Hosts that are excepted.',
  ports: 'Ports that are asked, as texts.',
  notPorts: 'Ports that are excepted.',
  methods: 'Methods of the request.',
  notMethods: 'Methods that are excepted.',
  paths: 'Paths of the request; * at either end stands for the rest.',
  notPaths: 'Paths that are excepted.',
};

export const condition = {
  key: 'What is looked at, such as request.headers[x-user] or source.namespace.',
  values: 'Values of which it must have one.',
  notValues: 'Values of which it must have none.',
};

export const authorizationPolicy = {
  ...attachment,
  rules: 'Requests that the policy is about; those that match one of the rules.',
  'rules.from': 'Who asks; one of these.',
  'rules.from.source': 'A caller: all of what is stated must hold.',
  'rules.to': 'What is asked; one of these.',
  'rules.to.operation': 'A request: all of what is stated must hold.',
  'rules.when': 'Further conditions; all of these.',
  action: 'What becomes of these requests; ALLOW by default.',
  provider: 'Who decides when the action is CUSTOM.',
  'provider.name': 'The name of a provider in the MeshConfig.',
};
