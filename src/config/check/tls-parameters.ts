/** The rules for names of cipher suites and curves, which Envoy must know. */
import type { Path } from '../../lib/schema.ts';
import type { Code } from '../../model/codes.ts';
import { isCipherSuite, isCurve, usableCurves, usableSuites } from '../../model/tls-parameters.ts';
import type { Check } from './check.ts';

export function checkSuites(check: Check, code: Code, path: Path, suites: readonly string[]): void {
  const seen = new Set<string>();
  for (const [i, suite] of suites.entries()) {
    const at = [...path, i];
    if (!isCipherSuite(suite))
      check.warning(code, at, `expected a cipher suite of TLS 1.2 that Envoy has, found ${suite}: it is left out`);
    else if (seen.has(suite)) check.warning(code, at, `expected each cipher suite once, found ${suite} again`);
    seen.add(suite);
  }
  if (suites.some(isCipherSuite) && usableSuites(suites).length === 0)
    check.warning(
      code,
      path,
      `expected suites to choose from, found that ${suites.join(', ')} leaves none: Envoy's own are used`,
    );
}

export function checkCurves(check: Check, code: Code, path: Path, curves: readonly string[]): void {
  for (const [i, curve] of curves.entries())
    if (!isCurve(curve))
      check.warning(
        code,
        [...path, i],
        `expected a curve that Envoy has, such as P-256 or X25519, found ${curve}: it is left out`,
      );
    else if (usableCurves(curves.slice(0, i + 1)).length === usableCurves(curves.slice(0, i)).length)
      check.warning(code, [...path, i], `expected each curve once, found ${curve} again`);
}
