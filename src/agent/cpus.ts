/** CPUs as Kubernetes writes them, such as `2` or `1500m`; undefined for anything else. */
export function cpusIn(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(m?)$/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) / (unit === 'm' ? 1000 : 1);
}
