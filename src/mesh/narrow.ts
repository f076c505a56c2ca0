/**
 * The least client that sees a namespace in the same way, so that clients share what is made for it.
 *
 * Most clients are alike to most namespaces: they see what is public, by rules that do not ask who they are. Such a client
 * becomes the anonymous one (no namespace, no Sidecar, no labels). A client stays itself towards its own namespace and
 * towards those that its namespace's rules, or rules that name it, are about. oracle.test.ts compares the outcome with a
 * mesh in which nobody is narrowed.
 */
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import { wildcardsOver } from '../model/hostname.ts';
import { pick } from '../model/labels.ts';
import { type Client, clientOf } from '../model/scope.ts';
import { type AskedLabelQueries, askedLabelQueries } from './asked-labels.ts';
import { clusterAwareQuery } from './cluster-aware.ts';
import { importsNamespace } from './egress.ts';
import { interestQuery } from './interests.ts';
import { clusterLabel, nodeLabel } from './rules.ts';
import { type ClientNamespace, clientNamespaceKey, type ServiceQueries } from './services.ts';
import type { Tables } from './tables.ts';

export interface NarrowQueries extends Pick<AskedLabelQueries, 'allAskedLabels'> {
  /** The client as which `client` looks at a namespace. */
  readonly narrow: Query<ClientNamespace, Client>;
}

export function narrowQueries(graph: Graph, tables: Tables, queries: ServiceQueries, narrows: boolean): NarrowQueries {
  const { services, virtualServices } = tables;
  const { egress } = queries;
  const clusterAware = clusterAwareQuery(graph, tables, queries);
  const interests = interestQuery(graph, tables, queries);
  const { askedLabels, selectorLabels, allAskedLabels } = askedLabelQueries(graph, tables, queries);

  /** The namespaces whose rules route hosts of a namespace, itself included. */
  const rulingNamespaces = graph.query<string, readonly string[]>('rulingNamespaces', {
    reads: [services, services.byNamespace, virtualServices.byHost, virtualServices.wildcards],
    compute(read, namespace) {
      const ruling = new Set([namespace]);
      for (const { hostname } of read.rows(services, read.keys(services.byNamespace, namespace)))
        for (const rule of [
          ...read.keys(virtualServices.byHost, hostname),
          ...wildcardsOver(hostname).flatMap((wildcard) => read.keys(virtualServices.wildcards, wildcard)),
        ])
          ruling.add(rule.slice(0, rule.indexOf('/')));
      return [...ruling].sort();
    },
  });

  const narrow = graph.query<ClientNamespace, Client>('narrow', {
    reads: [interests, askedLabels, selectorLabels, egress, services.nodeAware, rulingNamespaces, clusterAware],
    keyOf: clientNamespaceKey,
    compute(read, { client, namespace }) {
      if (!narrows) return client;
      const isSpecial = isSpecialTo(read, client, namespace);
      const asked = read.cell(askedLabels, namespace);
      const selected = isSpecial ? read.cell(selectorLabels, client.namespace) : [];
      const seesAll = client.sidecar === '' || importsAllOf(read, client, namespace);
      const keepsSelf = isSpecial || !seesAll;
      const keepsNode = asked.includes(nodeLabel) || read.keys(services.nodeAware, namespace).length > 0;
      return clientOf({
        ...client,
        namespace: keepsSelf ? client.namespace : '',
        domain: keepsSelf ? client.domain : sharedDomain(client.domain),
        sidecar: seesAll ? '' : client.sidecar,
        labels: pick(client.labels, [...asked, ...selected]),
        cluster: asked.includes(clusterLabel) || read.cell(clusterAware, namespace) ? client.cluster : '',
        nodeName: keepsNode ? client.nodeName : '',
      });
    },
  });

  function isSpecialTo(read: Reader, client: Client, namespace: string): boolean {
    if (client.namespace === namespace) return true;
    const { everywhere, namespaces } = read.cell(interests, client.namespace);
    return everywhere || namespaces.includes(namespace);
  }

  /** A Sidecar that leaves out a namespace leaves out its rules too, even those for hosts that it imports. */
  function importsAllOf(read: Reader, client: Client, namespace: string): boolean {
    const scope = read.cell(egress, client);
    return read.cell(rulingNamespaces, namespace).every((ruling) => importsNamespace(scope, ruling) === 'all');
  }

  return { narrow, allAskedLabels };
}

/** The DNS domain without the namespace in front, which short names across namespaces still need. */
function sharedDomain(domain: string): string {
  const at = domain.indexOf('.');
  return at < 0 ? '' : domain.slice(at + 1);
}
