/**
 * Versions of objects, as Kubernetes counts them: whole numbers without bound, in texts. Those of one resource can be
 * compared since Kubernetes 1.35 says so (KEP-5504); all servers before it that keep them in etcd did the same.
 */
export function isOlder(version: string, than: string): boolean {
  if (!isNumber(version) || !isNumber(than)) return false;
  return version.length === than.length ? version < than : version.length < than.length;
}

function isNumber(version: string): boolean {
  return /^(?:0|[1-9]\d*)$/.test(version);
}
