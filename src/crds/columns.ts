/** What `kubectl get` shows of an object. */
import type { Kind } from '../config/kinds.ts';

export interface Column {
  readonly name: string;
  readonly type: 'string' | 'date' | 'integer';
  readonly description: string;
  readonly jsonPath: string;
  /** Only `kubectl get -o wide` shows it. */
  readonly priority?: 1;
}

const text = (name: string, jsonPath: string, description: string): Column => ({
  name,
  type: 'string',
  description,
  jsonPath,
});

const ofKind: { readonly [kind in Kind]: readonly Column[] } = {
  VirtualService: [
    text('Gateways', '.spec.gateways', 'Gateways at which the rules hold.'),
    text('Hosts', '.spec.hosts', 'Hosts that the rules are for.'),
  ],
  DestinationRule: [text('Host', '.spec.host', 'The host that the rule is for.')],
  ServiceEntry: [
    text('Hosts', '.spec.hosts', 'Hosts that the service is called by.'),
    text('Location', '.spec.location', 'Whether the service is part of the mesh.'),
    text('Resolution', '.spec.resolution', 'How the endpoints are found.'),
  ],
  WorkloadEntry: [text('Address', '.spec.address', 'The address of the workload.')],
  Gateway: [text('Hosts', '.spec.servers[*].hosts', 'Hosts that are served.')],
  Sidecar: [],
  EnvoyFilter: [{ ...text('Priority', '.spec.priority', 'The order among objects.'), type: 'integer' }],
  WorkloadGroup: [],
  ProxyConfig: [],
  PeerAuthentication: [text('Mode', '.spec.mtls.mode', 'Mutual TLS of all ports.')],
  RequestAuthentication: [],
  AuthorizationPolicy: [text('Action', '.spec.action', 'What becomes of the requests that match.')],
  Telemetry: [],
  WasmPlugin: [text('URL', '.spec.url', 'Where the module is.')],
};

const accepted = text('Accepted', condition('Accepted', 'status'), 'Whether the object is in force as it is written.');
const effective = text(
  'Effective',
  condition('Effective', 'status'),
  'Whether something comes of the object, or another one takes its place.',
);
const age: Column = {
  name: 'Age',
  type: 'date',
  description: 'How long ago the object was created.',
  jsonPath: '.metadata.creationTimestamp',
};

function condition(type: string, field: string): string {
  return `.status.conditions[?(@.type=="${type}")].${field}`;
}

/** The columns of a kind: what it is about, whether it is in force, and its age. */
export function columnsOf(kind: Kind): readonly Column[] {
  return [...ofKind[kind], accepted, { ...effective, priority: 1 }, age];
}
