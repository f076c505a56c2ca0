/** Rules that come, change and go in any order: a VirtualService names subsets that are not there yet, or no longer. */
import type { Cluster } from '../../kubernetes/support/cluster.ts';

export interface Rules {
  /** Makes one change. */
  flip(): Promise<void>;
  /** Takes all rules away. */
  clear(): Promise<void>;
}

/** The random numbers are from 0 up to 1, without 1. */
export function rulesOf({ api }: Cluster, random: () => number): Rules {
  const group = '/apis/networking.istio.io/v1/namespaces/shop';
  const kinds = { virtualservices: 'VirtualService', destinationrules: 'DestinationRule' } as const;
  type Plural = keyof typeof kinds;
  const path = (plural: Plural) => `${group}/${plural}/reviews`;
  const pick = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T;
  const put = (plural: Plural, spec: object) =>
    api(
      'PATCH',
      `${path(plural)}?fieldManager=test&force=true`,
      { apiVersion: 'networking.istio.io/v1', kind: kinds[plural], metadata: { name: 'reviews' }, spec },
      'application/apply-patch+yaml',
    );
  const remove = (plural: Plural) => api('DELETE', path(plural)).catch(() => {});
  const destination = (subset: string) => ({ destination: { host: 'reviews', subset } });
  const subsets = (...names: readonly string[]) => ({
    host: 'reviews',
    subsets: names.map((version) => ({ name: version, labels: { version } })),
  });
  const policies = [
    { connectionPool: { tcp: { connectTimeout: '5s' } } },
    { connectionPool: { http: { maxRetries: 100 } } },
    { loadBalancer: { simple: 'ROUND_ROBIN' } },
  ];
  const changes: readonly (() => Promise<unknown>)[] = [
    () => put('virtualservices', { hosts: ['reviews'], http: [{ route: [destination(pick(['v1', 'v2']))] }] }),
    () => {
      const weight = Math.floor(random() * 101);
      const route = [
        { ...destination('v1'), weight },
        { ...destination('v2'), weight: 100 - weight },
      ];
      return put('virtualservices', { hosts: ['reviews'], http: [{ route }] });
    },
    () => {
      const headers = { 'end-user': { exact: 'nobody' } };
      const http = [{ match: [{ headers }], route: [destination('v2')] }, { route: [destination('v1')] }];
      return put('virtualservices', { hosts: ['reviews'], http });
    },
    () => put('destinationrules', { ...subsets('v1', 'v2'), trafficPolicy: pick(policies) }),
    () => put('destinationrules', subsets(pick(['v1', 'v2']))),
    () => remove('virtualservices'),
    () => remove('destinationrules'),
  ];
  return {
    async flip() {
      await pick(changes)();
    },
    async clear() {
      await remove('virtualservices');
      await remove('destinationrules');
    },
  };
}
