/** Services that are reached from outside by ports of nodes, such as a gateway without a load balancer. */
import { isRecord } from '../../lib/schema.ts';
import type { KubernetesObject } from '../../model/kubernetes-object.ts';
import { type Labels, selects } from '../../model/labels.ts';
import type { Service } from '../../model/service.ts';
import type { KubernetesService } from './schema.ts';

/** The annotation of a Service that chooses nodes by their labels, as a JSON object. */
const selectorAnnotation = 'traffic.istio.io/nodeSelector';

export interface NodePorts {
  readonly selector: Labels;
  /** The port of nodes by the port of the Service. */
  readonly ports: { readonly [port: number]: number };
}

/** A node that has an address outside of its cluster. */
export interface NodeAddress {
  readonly labels: Labels;
  readonly address: string;
}

/** Undefined for a Service that chooses no nodes, or not in JSON. */
export function nodePortsOf(
  { annotations }: Pick<KubernetesObject, 'annotations'>,
  { spec = {} }: KubernetesService,
): NodePorts | undefined {
  const text = annotations[selectorAnnotation];
  const selector = text === undefined || spec.type !== 'NodePort' ? undefined : labelsIn(text);
  if (selector === undefined) return undefined;
  const ports = (spec.ports ?? []).flatMap(({ port, nodePort = 0 }) => (nodePort === 0 ? [] : [[port, nodePort]]));
  return { selector, ports: Object.fromEntries(ports) };
}

function labelsIn(text: string): Labels | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value)) return undefined;
    const texts = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    return Object.fromEntries(texts);
  } catch {
    return undefined;
  }
}

export function toNodeAddress({ labels, value }: KubernetesObject): NodeAddress | undefined {
  const stated = isRecord(value.status) ? value.status.addresses : undefined;
  for (const one of Array.isArray(stated) ? stated : [])
    if (isRecord(one) && one.type === 'ExternalIP' && typeof one.address === 'string')
      return { labels, address: one.address };
  return undefined;
}

/** The Service as the nodes that it chooses reach it; as it is when these have no addresses. */
export function atNodes(row: Service, { selector, ports }: NodePorts, nodes: readonly NodeAddress[]): Service {
  const chosen = nodes.filter(({ labels }) => selects(selector, labels)).map(({ address }) => address);
  return chosen.length === 0 ? row : { ...row, external: { addresses: [...new Set(chosen)], ports } };
}
