/** Questions as API servers ask them, in JSON. */
import { parse } from 'yaml';

export interface ReviewOptions {
  readonly operation?: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  /** The object before, in YAML. */
  readonly before?: string;
  readonly subResource?: string;
  readonly name?: string;
}

interface ReviewedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name?: string; readonly namespace?: string };
}

/** The body of a request about an object in YAML: by default about its creation. */
export function reviewText(yaml: string, { operation = 'CREATE', before, ...options }: ReviewOptions = {}): string {
  const object = parse(yaml) as ReviewedObject;
  const { apiVersion, kind, metadata } = object;
  const slash = apiVersion.indexOf('/');
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'u1',
      kind: { group: apiVersion.slice(0, Math.max(0, slash)), version: apiVersion.slice(slash + 1), kind },
      resource: { group: '', version: 'v1', resource: 'whatever' },
      operation,
      namespace: metadata.namespace ?? '',
      name: metadata.name ?? '',
      userInfo: { username: 'somebody' },
      object: operation === 'DELETE' ? null : object,
      oldObject: operation === 'DELETE' ? object : before === undefined ? null : (parse(before) as unknown),
      dryRun: false,
      ...options,
    },
  });
}

/** What matters of an answer. */
export interface Answered {
  readonly uid: string;
  readonly allowed: boolean;
  readonly message?: string;
  readonly warnings?: readonly string[];
}

export function answered(body: string): Answered {
  const { response } = JSON.parse(body) as {
    readonly response: Omit<Answered, 'message'> & { readonly status?: { readonly message: string } };
  };
  const { uid, allowed, status, warnings } = response;
  return {
    uid,
    allowed,
    ...(status === undefined ? {} : { message: status.message }),
    ...(warnings === undefined ? {} : { warnings }),
  };
}
