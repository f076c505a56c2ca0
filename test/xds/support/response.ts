/** Responses as tests read them: decoded by another implementation of protobuf than the one that wrote them. */
import { fromBinary } from '@bufbuild/protobuf';
import { envoyMessage, envoyRegistry } from '../../../src/descriptors/registry.ts';
import { typeNameOf } from '../../../src/lib/type-name.ts';
import { pushOrder, shortType, type TypeUrl } from '../../../src/resource/types.ts';

export type Dialect = 'delta' | 'sotw';
export const dialects = ['delta', 'sotw'] as const;

/** A resource that was sent. */
export interface SentResource {
  readonly name: string;
  /** Empty in the state-of-the-world dialect. */
  readonly version: string;
  /** The type URL of its Any. */
  readonly type: TypeUrl;
  /** The bytes of the message within its Any. */
  readonly value: Uint8Array;
}

export interface Response {
  readonly type: TypeUrl;
  readonly nonce: string;
  readonly version: string;
  readonly resources: readonly SentResource[];
  readonly removed: readonly string[];
  readonly controlPlane: string;
}

interface Any {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

interface Message {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly versionInfo?: string;
  readonly systemVersionInfo?: string;
  readonly resources: readonly (Any & { readonly name: string; readonly version: string; readonly resource: Any })[];
  readonly removedResources?: readonly string[];
  readonly controlPlane?: { readonly identifier: string };
}

export function decodeResponse(bytes: Uint8Array, dialect: Dialect): Response {
  const type = dialect === 'delta' ? 'DeltaDiscoveryResponse' : 'DiscoveryResponse';
  const message = fromBinary(envoyMessage(`envoy.service.discovery.v3.${type}`), bytes) as unknown as Message;
  return {
    type: message.typeUrl,
    nonce: message.nonce,
    version: message.systemVersionInfo ?? message.versionInfo ?? '',
    resources: message.resources.map((resource) =>
      dialect === 'delta'
        ? {
            name: resource.name,
            version: resource.version,
            type: resource.resource.typeUrl,
            value: resource.resource.value,
          }
        : { name: nameIn(resource), version: '', type: resource.typeUrl, value: resource.value },
    ),
    removed: message.removedResources ?? [],
    controlPlane: message.controlPlane?.identifier ?? '',
  };
}

/** The name that a resource bears itself; a text for tools bears none. */
function nameIn({ typeUrl, value }: Any): string {
  const schema = envoyRegistry().getMessage(typeNameOf(typeUrl));
  if (schema === undefined) return '';
  const message = fromBinary(schema, value) as unknown as {
    readonly name?: string;
    readonly clusterName?: string;
  };
  return message.name ?? message.clusterName ?? '';
}

/** What every sidecar has; tests of the protocol look past it. */
const everybodys =
  /^(BlackHoleCluster|PassthroughCluster|InboundPassthroughCluster\w*|virtualInbound|virtualOutbound)$/;

/** `a` for what belongs to port 80 of service a in namespace shop. */
export const shortName = (name: string) => /^outbound\|80\|\|(.*)\.shop\.svc\.cluster\.local$/.exec(name)?.[1] ?? name;
export const longName = (name: string) => `outbound|80||${name}.shop.svc.cluster.local`;

/** `cds: a b -c`: the type, the names of what was sent and, with a minus, of what is gone, each sorted. */
export function text({ type, resources, removed }: Response): string {
  const sent = resources.map(({ name }) => name).filter((name) => !everybodys.test(name));
  const words = [...sent.map(shortName).sort(), ...removed.map((name) => `-${shortName(name)}`).sort()];
  const short = pushOrder.includes(type) ? shortType(type) : type;
  return `${short}:${words.map((word) => ` ${word}`).join('')}`;
}
