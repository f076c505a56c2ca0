/** CustomResourceDefinitions of Istio's kinds, from the schemas that their objects are decoded by. */
import type { CustomResource } from '../config/custom-resources.ts';
import { type Kind, kinds } from '../config/kinds.ts';
import type { JsonSchema } from '../lib/schema.ts';
import { aboutKinds } from './about-kinds.ts';
import { columnsOf } from './columns.ts';
import { statusSchema } from './status.ts';

/** What a Kubernetes API server is given, in its own form. */
export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string; readonly labels: { readonly [name: string]: string } };
  readonly spec: { readonly [field: string]: unknown };
}

/** The definition of a kind. Equal input gives equal output, with fields in the same order. */
export function customResourceDefinition(resource: CustomResource): CustomResourceDefinition {
  const { kind, group, plural, shortNames, versions } = resource;
  const schema = { openAPIV3Schema: objectSchema(kind) };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}`, labels: { 'app.kubernetes.io/name': 'fairway' } },
    spec: {
      group,
      scope: 'Namespaced',
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        ...(shortNames.length > 0 ? { shortNames } : {}),
        categories: ['istio-io', group.replaceAll('.', '-')],
      },
      conversion: { strategy: 'None' },
      versions: versions.map((name, i) => ({
        name,
        served: true,
        storage: i === 0,
        schema,
        subresources: { status: {} },
        additionalPrinterColumns: columnsOf(kind),
      })),
    },
  };
}

/** The schema of a whole object; what every object has, such as its metadata, the API server adds. */
export function objectSchema(kind: Kind): JsonSchema {
  const spec = kinds[kind].schema.json;
  return {
    type: 'object',
    description: aboutKinds[kind],
    // An absent spec is an empty one, which will not do where it has to say something.
    ...('required' in spec ? { required: ['spec'] } : {}),
    properties: {
      spec: { ...spec, description: 'What is wanted.' },
      status: { ...statusSchema(kind), description: 'What became of it, as control planes tell.' },
    },
  };
}
