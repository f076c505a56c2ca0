/** What an API server asks: AdmissionReview of admission.k8s.io/v1, as far as it matters here. */
import { decodeOr } from '../lib/decode-or.ts';
import { any, enumOf, type Infer, isRecord, object, string } from '../lib/schema.ts';
import { depthOf, makeShallow } from './shallow.ts';

/** One question. */
export interface Review {
  /** The answer has to repeat it. */
  readonly uid: string;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** `status`, for example; empty for the object itself. */
  readonly subResource: string;
  /** Empty for an object of the whole cluster. */
  readonly namespace: string;
  /** With `…` at its end when the server is yet to make one up of it. */
  readonly name: string;
  readonly object: ReviewedValue | undefined;
  readonly oldObject: ReviewedValue | undefined;
}

export interface ReviewedValue {
  readonly value: { readonly [field: string]: unknown };
  /** Something of it is deeper than `deepestObject`, and cut off. */
  readonly isTooDeep: boolean;
}

/** No object that means something is half as deep; protobuf's readers give up at 100. */
export const deepestObject = 64;

/** The object stands in the request, which stands in the review; and one level more shows that there is one. */
const deepestReview = deepestObject + 3;

const text = new TextDecoder('utf-8', { fatal: true });

const schema = object(
  {
    apiVersion: enumOf('admission.k8s.io/v1'),
    kind: enumOf('AdmissionReview'),
    request: object(
      {
        uid: string,
        operation: enumOf('CREATE', 'UPDATE', 'DELETE', 'CONNECT'),
        kind: object({ group: string, version: string, kind: string }, { required: ['version', 'kind'], isOpen: true }),
        subResource: string,
        namespace: string,
        name: string,
        object: any,
        oldObject: any,
      },
      { required: ['uid', 'operation', 'kind'], isOpen: true },
    ),
  },
  { required: ['apiVersion', 'kind', 'request'], isOpen: true },
);

/** Reads a body; a text says what is wrong with it. Writes into the body, which is of no use afterwards. */
export function readReview(body: Uint8Array): Review | string {
  makeShallow(body, deepestReview);
  let value: unknown;
  try {
    value = JSON.parse(text.decode(body));
  } catch {
    return 'expected an AdmissionReview in JSON, found something else';
  }
  const review = decodeOr(schema, value, (message) => message);
  return typeof review === 'string' ? review : reviewOf(review.request);
}

type Request = NonNullable<Infer<typeof schema>>['request'];

function reviewOf(request: Request): Review | string {
  const { uid, operation, kind, subResource = '', namespace = '', name = '' } = request;
  const [now, before] = [reviewed(request.object), reviewed(request.oldObject)];
  if ((operation === 'CREATE' || operation === 'UPDATE') && now === undefined)
    return `request.object: expected the object of the ${operation}, found none`;
  return {
    uid,
    operation,
    group: kind.group ?? '',
    version: kind.version,
    kind: kind.kind,
    subResource,
    namespace,
    name: name === '' ? generatedName(now) : name,
    object: now,
    oldObject: before,
  };
}

function reviewed(value: unknown): ReviewedValue | undefined {
  return isRecord(value) ? { value, isTooDeep: depthOf(value) > deepestObject } : undefined;
}

function generatedName(object: ReviewedValue | undefined): string {
  const metadata = object?.value.metadata;
  const start = isRecord(metadata) ? metadata.generateName : undefined;
  return `${typeof start === 'string' ? start : ''}…`;
}
