/** The schema of what platforms write back about an object. Other control planes may write fields that are not known here. */
import type { Kind } from '../config/kinds.ts';
import { type FieldTexts, withFieldTexts } from '../lib/field-texts.ts';
import type { JsonSchema } from '../lib/schema.ts';

const text = { type: 'string' };
const time = { type: 'string', format: 'date-time' };
/** Protobuf's JSON writes numbers of 64 bits as texts. */
const generation = { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] };
const open = { 'x-kubernetes-preserve-unknown-fields': true };

const conditions = {
  type: 'array',
  // Each writer owns the conditions that it writes, and leaves those of others alone.
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['type'],
  items: {
    type: 'object',
    required: ['type'],
    properties: {
      type: text,
      status: text,
      reason: text,
      message: text,
      lastTransitionTime: time,
      lastProbeTime: time,
      observedGeneration: generation,
    },
    ...open,
  },
};

const common = {
  conditions,
  observedGeneration: generation,
  validationMessages: { type: 'array', items: { type: 'object', ...open } },
};

const addresses = { type: 'array', items: { type: 'object', properties: { value: text, host: text }, ...open } };

const texts: FieldTexts = {
  conditions: 'What is true of the object, each thing by its type.',
  'conditions.type': 'What it is about, such as Accepted or Effective.',
  'conditions.status': 'True, False or Unknown.',
  'conditions.reason': 'Why, in one word.',
  'conditions.message': 'Why, in a sentence.',
  'conditions.lastTransitionTime': 'When the status last changed.',
  'conditions.lastProbeTime': 'When it was last looked at.',
  'conditions.observedGeneration': 'The generation of the object that it is about.',
  observedGeneration: 'The generation of the object that the status is about.',
  validationMessages: 'What is to be said of the object beside its conditions.',
};

export function statusSchema(kind: Kind): JsonSchema {
  const properties = kind === 'ServiceEntry' ? { ...common, addresses } : common;
  const described = withFieldTexts({ type: 'object', properties, ...open }, texts);
  return kind === 'ServiceEntry' ? withFieldTexts(described, addressTexts) : described;
}

const addressTexts: FieldTexts = {
  addresses: 'Virtual addresses that hosts without stated ones were given.',
  'addresses.value': 'The address.',
  'addresses.host': 'The host that it is for.',
};
