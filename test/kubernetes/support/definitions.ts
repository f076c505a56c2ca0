import type { Cluster } from './cluster.ts';

export const virtualServices = 'virtualservices.networking.istio.io';

const definitions = [
  ['VirtualService', 'virtualservices'],
  ['DestinationRule', 'destinationrules'],
].map(([kind, plural]) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.networking.istio.io` },
  spec: {
    group: 'networking.istio.io',
    names: { kind, plural, singular: kind?.toLowerCase() },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
}));

/** Installs the kinds of rules, and waits until the server takes objects of them. */
export async function installDefinitions({ kubectl }: Cluster): Promise<void> {
  const text = definitions.map((definition) => JSON.stringify(definition)).join('\n---\n');
  await kubectl(['apply', '--server-side', '-f', '-'], text);
  await kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
}
