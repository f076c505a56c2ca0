/** The VirtualService: its schema. The checks that need more than one field are in check-virtual-service.ts. */
import {
  boolean,
  duration,
  enumOf,
  type Infer,
  int32,
  list,
  map,
  number,
  object,
  port,
  string,
  uint32,
} from '../lib/schema.ts';
import * as about from './about/virtual-service.ts';

export const stringMatch = object(
  { exact: string, prefix: string, regex: string },
  { about: about.stringMatch, exclusive: [['exact', 'prefix', 'regex']] },
);
const percent = object({ value: number }, { about: about.percent });
const portSelector = object({ number: port, name: string });
export const destination = object(
  { host: string, subset: string, port: portSelector },
  { about: about.destination, required: ['host'] },
);
const headerOperations = object(
  { set: map(string), add: map(string), remove: list(string) },
  { about: about.headerOperations },
);
const headers = object({ request: headerOperations, response: headerOperations }, { about: about.headers });

const httpMatch = object(
  {
    name: string,
    uri: stringMatch,
    scheme: stringMatch,
    method: stringMatch,
    authority: stringMatch,
    headers: map(stringMatch),
    withoutHeaders: map(stringMatch),
    queryParams: map(stringMatch),
    ignoreUriCase: boolean,
    port: uint32,
    sourceLabels: map(string),
    sourceNamespace: string,
    gateways: list(string),
    statPrefix: string,
  },
  { about: about.httpMatch },
);

export const httpRetry = object(
  {
    attempts: int32,
    perTryTimeout: duration,
    retryOn: string,
    retryRemoteLocalities: boolean,
    retryIgnorePreviousHosts: boolean,
    backoff: duration,
  },
  { about: about.httpRetry },
);

const corsPolicy = object(
  {
    allowOrigin: list(string),
    allowOrigins: list(stringMatch),
    allowMethods: list(string),
    allowHeaders: list(string),
    exposeHeaders: list(string),
    maxAge: duration,
    allowCredentials: boolean,
    unmatchedPreflights: enumOf('UNSPECIFIED', 'FORWARD', 'IGNORE'),
  },
  { about: about.corsPolicy },
);

const httpRoute = object(
  {
    name: string,
    match: list(httpMatch),
    route: list(object({ destination, weight: int32, headers }, { required: ['destination'] })),
    redirect: object(
      {
        uri: string,
        prefixRewrite: string,
        authority: string,
        port: uint32,
        derivePort: enumOf('FROM_PROTOCOL_DEFAULT', 'FROM_REQUEST_PORT'),
        scheme: string,
        redirectCode: uint32,
      },
      {
        exclusive: [
          ['port', 'derivePort'],
          ['uri', 'prefixRewrite'],
        ],
      },
    ),
    directResponse: object(
      { status: uint32, body: object({ string: string, bytes: string }, { exclusive: [['string', 'bytes']] }) },
      { required: ['status'] },
    ),
    delegate: object({ name: string, namespace: string }),
    rewrite: object({ uri: string, authority: string, uriRegexRewrite: object({ match: string, rewrite: string }) }),
    timeout: duration,
    retries: httpRetry,
    fault: object({
      delay: object(
        { percent: int32, percentage: percent, fixedDelay: duration, exponentialDelay: duration },
        { exclusive: [['fixedDelay', 'exponentialDelay']] },
      ),
      abort: object(
        { percentage: percent, httpStatus: int32, grpcStatus: string, http2Error: string },
        { exclusive: [['httpStatus', 'grpcStatus', 'http2Error']] },
      ),
    }),
    mirror: destination,
    mirrors: list(object({ destination, percentage: percent }, { required: ['destination'] })),
    mirrorPercent: uint32,
    mirrorPercentage: percent,
    corsPolicy,
    headers,
  },
  { about: about.httpRoute },
);

const l4Match = {
  destinationSubnets: list(string),
  port: uint32,
  sourceLabels: map(string),
  gateways: list(string),
  sourceNamespace: string,
  sourceSubnet: string,
};
const tlsMatch = object({ sniHosts: list(string), ...l4Match }, { about: { ...about.l4Match, ...about.tlsMatch } });
const tcpMatch = object(l4Match, { about: about.l4Match });
const weightedDestination = object(
  { destination, weight: int32 },
  { about: about.weightedDestination, required: ['destination'] },
);

export const virtualService = object(
  {
    hosts: list(string),
    gateways: list(string),
    http: list(httpRoute),
    tls: list(object({ match: list(tlsMatch), route: list(weightedDestination) })),
    tcp: list(object({ match: list(tcpMatch), route: list(weightedDestination) })),
    exportTo: list(string),
  },
  { about: about.virtualService },
);

export type VirtualService = Infer<typeof virtualService>;
export type HttpRoute = Infer<typeof httpRoute>;
export type HttpMatch = Infer<typeof httpMatch>;
export type HttpRetry = Infer<typeof httpRetry>;
export type StringMatch = Infer<typeof stringMatch>;
export type Destination = Infer<typeof destination>;
export type Headers = Infer<typeof headers>;
export type CorsPolicy = Infer<typeof corsPolicy>;
export type WeightedDestination = Infer<typeof weightedDestination>;
export type TlsRoute = NonNullable<VirtualService['tls']>[number];
export type TcpRoute = NonNullable<VirtualService['tcp']>[number];
