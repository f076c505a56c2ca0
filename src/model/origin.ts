/**
 * Which object something was made from, and where that object stands. Rows carry it from the first byte read, so that
 * every generated resource can name its sources.
 */
export interface Origin {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Which cluster holds it; absent for the config cluster. */
  readonly cluster?: string;
  /** For an object from a file. */
  readonly file?: string;
  /** The line its document starts at, from 1. */
  readonly line?: number;
  /** Lines of parts of it, by path such as `spec.http[1]`; for the parts that diagnostics and explanations point to. */
  readonly lines?: { readonly [path: string]: number };
  /** For an object from an API server. */
  readonly uid?: string;
  readonly generation?: number;
}

/** `Kind/namespace/name`, with `@cluster` for another than the config cluster: the provenance that generated resources carry. */
export type OriginKey = string;

export function originKey({
  kind,
  namespace,
  name,
  cluster,
}: Pick<Origin, 'kind' | 'namespace' | 'name' | 'cluster'>): OriginKey {
  return `${kind}/${namespace}/${name}${cluster === undefined ? '' : `@${cluster}`}`;
}

/** What a person reads: `VirtualService shop/reviews (bookshop/rules.yaml:12)`. */
export function describeOrigin(origin: Origin, path = ''): string {
  const { kind, namespace, name, file, cluster } = origin;
  const object = `${kind} ${namespace === '' ? name : `${namespace}/${name}`}${cluster === undefined ? '' : ` of cluster ${cluster}`}`;
  return file === undefined ? object : `${object} (${file}:${lineOf(origin, path) ?? 1})`;
}

/** The line of the longest known beginning of a path. */
export function lineOf({ line, lines }: Origin, path: string): number | undefined {
  for (let part = path; part !== ''; part = part.replace(/(\.[^.[\]]+|\[\d+\]|^[^.[\]]+|.)$/s, '')) {
    const found = lines?.[part];
    if (found !== undefined) return found;
  }
  return line;
}
