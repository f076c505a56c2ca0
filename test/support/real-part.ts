/** Suites that run against the real thing: an Envoy, a kube-apiserver. */
import { describe } from 'node:test';

/** A real part of the world that a machine may lack, and what to do about that. */
export interface RealPart<T> {
  /** Such as `an Envoy`. */
  readonly name: string;
  /** Undefined where there is none. */
  readonly found: T | undefined;
  /** How it comes to be there, such as `set ENVOY or run npm run setup`. */
  readonly remedy: string;
}

/** A suite with a real part; where that is missing the suite is skipped with the reason, but on CI it fails. */
export function describeWith<T>(
  { name: part, found, remedy }: RealPart<T>,
  name: string,
  body: (part: T) => void,
): void {
  const reason = `expected ${part}, found none: ${remedy}`;
  if (found !== undefined) describe(name, () => body(found));
  else if (process.env.CI === 'true')
    describe(name, () => {
      throw new Error(reason);
    });
  else describe(name, { skip: reason }, () => {});
}
