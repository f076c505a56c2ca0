/** Definitions of Istio's kinds that say as little as they may, with the forms of status that there are in the field. */
import { customResources } from '../../../src/config/custom-resources.ts';
import type { Kind } from '../../../src/config/kinds.ts';
import { must } from '../../../src/lib/assert.ts';

const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

const condition = {
  type: 'object',
  required: ['type'],
  properties: {
    type: { type: 'string' },
    status: { type: 'string' },
    reason: { type: 'string' },
    message: { type: 'string' },
    lastTransitionTime: { type: 'string', format: 'date-time' },
    observedGeneration: { type: 'integer' },
  },
};

const { observedGeneration: _, ...withoutGeneration } = condition.properties;

const statuses = {
  /** Conditions by type, as Fairway defines them. */
  byType: {
    ...open,
    properties: {
      conditions: {
        type: 'array',
        items: condition,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['type'],
      },
    },
  },
  /** Anything, as Istio defines most of its kinds. */
  open,
  /** A list that is one value, with fewer fields. */
  list: {
    ...open,
    properties: { conditions: { type: 'array', items: { ...condition, properties: withoutGeneration } } },
  },
};

export interface DefinitionOptions {
  readonly kind: Kind;
  readonly group?: string;
  /** `none`: the status is written with all the rest. */
  readonly status: keyof typeof statuses | 'none';
}

export function definition({ kind, group = 'networking.istio.io', status }: DefinitionOptions): object {
  const plural = must(
    customResources.find((one) => one.kind === kind),
    'a kind of Istio',
  ).plural;
  const form = status === 'none' ? open : statuses[status];
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec: open, status: form } } },
          ...(status === 'none' ? {} : { subresources: { status: {} } }),
        },
      ],
    },
  };
}
