/** Annotations of a pod, read and checked one by one; what is wrong with them becomes findings. */
import type { Finding } from '../model/decode.ts';
import type { Labels } from '../model/labels.ts';

export interface AnnotationReader {
  readonly text: (name: string) => string | undefined;
  readonly wrong: (name: string, message: string) => void;
  /** Has no effect here, or none at all. */
  readonly warn: (name: string, message: string) => void;
  /** Probably a slip. */
  readonly suspect: (name: string, message: string) => void;
  /** False for what is neither, which is told. */
  readonly boolean: (name: string) => boolean | undefined;
  readonly oneOf: <const T extends string>(name: string, values: readonly T[]) => T | undefined;
}

export function annotationReader(annotations: Labels, findings: Finding[]): AnnotationReader {
  const finding = (severity: Finding['severity'], code: Finding['code']) => (name: string, message: string) => {
    findings.push({ code, severity, path: `metadata.annotations["${name}"]`, message });
  };
  const wrong = finding('error', 'FW3202');
  const text = (name: string) => annotations[name];
  return {
    text,
    wrong,
    warn: finding('warning', 'FW0009'),
    suspect: finding('warning', 'FW3202'),
    boolean(name) {
      const stated = text(name);
      if (stated === undefined) return undefined;
      if (/^(true|t|1)$/i.test(stated)) return true;
      if (!/^(false|f|0)$/i.test(stated)) wrong(name, `expected "true" or "false", found ${JSON.stringify(stated)}`);
      return false;
    },
    oneOf(name, values) {
      const stated = text(name);
      const found = values.find((value) => value === stated);
      if (stated !== undefined && found === undefined)
        wrong(name, `expected ${values.join(', ')}, found ${JSON.stringify(stated)}`);
      return found;
    },
  };
}
