/** Key and value pairs that describe a workload. */
export type Labels = { readonly [key: string]: string };

/** Whether a workload with `labels` is meant by a selector; an empty selector means every workload. */
export function selects(selector: Labels, labels: Labels): boolean {
  for (const key in selector) if (labels[key] !== selector[key]) return false;
  return true;
}

/** `app=web, version=v1` */
export function formatLabels(labels: Labels): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
}

/** The labels of those keys, as far as there are any. */
export function pick(labels: Labels, keys: readonly string[]): Labels {
  const picked: { [key: string]: string } = {};
  for (const key of keys) {
    const value = labels[key];
    if (value !== undefined) picked[key] = value;
  }
  return picked;
}
