/**
 * What a port speaks, spelled as Istio spells it. `auto` is a port that says nothing: Envoy looks at the first bytes.
 */
export type Protocol =
  | 'HTTP'
  | 'HTTP2'
  | 'GRPC'
  | 'GRPC-Web'
  | 'HTTPS'
  | 'TLS'
  | 'TCP'
  | 'Mongo'
  | 'Redis'
  | 'MySQL'
  | 'UDP'
  | 'auto';

const byName: { readonly [name: string]: Protocol } = {
  http: 'HTTP',
  http2: 'HTTP2',
  grpc: 'GRPC',
  'grpc-web': 'GRPC-Web',
  https: 'HTTPS',
  tls: 'TLS',
  tcp: 'TCP',
  mongo: 'Mongo',
  redis: 'Redis',
  mysql: 'MySQL',
  udp: 'UDP',
};

/** The protocol of that name in any case; `auto` for an unknown or empty one. */
export function parseProtocol(name: string): Protocol {
  const lower = name.toLowerCase();
  return (Object.hasOwn(byName, lower) ? byName[lower] : undefined) ?? 'auto';
}

/** The names that parseProtocol knows. */
export const protocolNames = Object.keys(byName);

/** Ports whose well-known owners speak first, so that looking at a client's first bytes would hang them. */
const serverFirstPorts = new Set([25, 53, 3306, 27017]);

const byAppProtocol: { readonly [name: string]: Protocol } = {
  'kubernetes.io/h2c': 'HTTP2',
  'kubernetes.io/ws': 'HTTP',
  'kubernetes.io/wss': 'HTTPS',
};

/**
 * The protocol of a Kubernetes Service port: appProtocol, else the port's name up to the first dash, else TCP on ports
 * whose servers speak first. An appProtocol that is set but unknown does not fall back to the name.
 */
export function kubernetesProtocol(port: {
  readonly number: number;
  readonly name: string;
  readonly transport: string;
  readonly appProtocol?: string | undefined;
}): Protocol {
  if (port.transport === 'UDP') return 'UDP';
  const { appProtocol } = port;
  const declared =
    appProtocol === undefined
      ? protocolOfPortName(port.name)
      : appProtocol.includes('/')
        ? (byAppProtocol[appProtocol.toLowerCase()] ?? 'auto')
        : parseProtocol(appProtocol);
  return declared === 'auto' && serverFirstPorts.has(port.number) ? 'TCP' : declared;
}

/** `grpc-web` and `grpc-web-x` are one protocol; otherwise the part before the first dash counts. */
function protocolOfPortName(name: string): Protocol {
  const lower = name.toLowerCase();
  if (lower === 'grpc-web' || lower.startsWith('grpc-web-')) return 'GRPC-Web';
  return parseProtocol(lower.split('-')[0] ?? '');
}

/** Requests can be told apart and routed one by one. */
export function isHttp(protocol: Protocol): boolean {
  return protocol === 'HTTP' || isHttp2(protocol) || protocol === 'GRPC-Web';
}

/** The upstream connection is HTTP/2. */
export function isHttp2(protocol: Protocol): boolean {
  return protocol === 'HTTP2' || protocol === 'GRPC' || protocol === 'GRPC-Web';
}

/** The first bytes are a TLS client hello that is passed on as it is. */
export function isTls(protocol: Protocol): boolean {
  return protocol === 'TLS' || protocol === 'HTTPS';
}

/** Bytes are passed on without a look into them. */
export function isTcp(protocol: Protocol): boolean {
  return !isHttp(protocol) && protocol !== 'auto' && protocol !== 'UDP';
}
