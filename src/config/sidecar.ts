/** The Sidecar: its schema. */

import { enumOf, type Infer, list, map, object, string } from '../lib/schema.ts';
import * as about from './about/sidecar.ts';
import { connectionPool } from './destination-rule.ts';
import { listenPort, serverTls } from './gateway.ts';
import { destination } from './virtual-service.ts';

const captureMode = enumOf('DEFAULT', 'IPTABLES', 'NONE');

export const outboundTrafficPolicy = object(
  {
    mode: enumOf('REGISTRY_ONLY', 'ALLOW_ANY', 'ALLOW_ANY_DYNAMIC_DNS'),
    egressProxy: destination,
  },
  { about: about.outboundTrafficPolicy },
);

const ingressListener = object(
  {
    port: listenPort,
    bind: string,
    captureMode,
    defaultEndpoint: string,
    tls: serverTls,
    connectionPool,
  },
  { about: about.ingressListener },
);

const egressListener = object(
  { port: listenPort, bind: string, captureMode, hosts: list(string) },
  { about: about.egressListener },
);

export const sidecar = object(
  {
    workloadSelector: object({ labels: map(string) }),
    ingress: list(ingressListener),
    egress: list(egressListener),
    inboundConnectionPool: connectionPool,
    outboundTrafficPolicy,
  },
  { about: about.sidecar },
);

export type Sidecar = Infer<typeof sidecar>;
export type IngressListener = Infer<typeof ingressListener>;
export type EgressListener = Infer<typeof egressListener>;
export type OutboundTrafficPolicy = Infer<typeof outboundTrafficPolicy>;
