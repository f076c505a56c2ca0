/** From Kubernetes' objects to checked values. */
import type { Schema } from '../../lib/schema.ts';
import { asServed, decodeWith, type Finding, hasError } from '../../model/decode.ts';
import type { KubernetesObject } from '../../model/kubernetes-object.ts';
import { checkEndpoints, checkService, checkSlice } from './check.ts';
import { endpointSlice, endpoints, kubernetesService, pod, secret } from './schema.ts';

/** Yields the value of an object, or undefined when there is an error among what it finds. */
export type Decoder<T> = (object: KubernetesObject, findings: Finding[]) => T | undefined;

function decoder<T>(
  schema: Schema<T>,
  check: (value: T, object: KubernetesObject) => readonly Finding[] = () => [],
): Decoder<T> {
  return (object, findings) => {
    const found: Finding[] = [];
    const value = decodeWith(schema, object.value, [], found);
    // Fields that a newer Kubernetes has are nobody's concern.
    findings.push(...asServed(found, object).filter(({ code, severity }) => code !== 'FW0003' || severity === 'error'));
    if (value !== undefined && !hasError(findings)) findings.push(...check(value, object));
    return hasError(findings) ? undefined : value;
  };
}

export const decodeService = decoder(kubernetesService, checkService);
export const decodeSlice = decoder(endpointSlice, checkSlice);
export const decodeEndpoints = decoder(endpoints, checkEndpoints);
export const decodePod = decoder(pod);
export const decodeSecret = decoder(secret);
