/** Amounts as Kubernetes writes them. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */

const quantity = /^\+?(\d+(?:\.\d*)?|\.\d+)(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d+))?$/;

const units: { readonly [unit: string]: number } = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/** As a number, of CPUs or bytes; undefined for what is no quantity. */
export function amountOf(text: string): number | undefined {
  const [, number, unit, exponent] = quantity.exec(text) ?? [];
  if (number === undefined) return undefined;
  return Number(number) * (unit === undefined ? 10 ** Number(exponent ?? 0) : (units[unit] ?? 1));
}
