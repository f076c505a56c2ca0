/** Proxies as their nodes describe them, with all that a test does not care about in its place. */
import { type Locality, nowhere } from '../../src/model/locality.ts';
import type { Proxy } from '../../src/model/proxy.ts';
import { toProxy } from '../../src/xds/node.ts';

export interface ProxyText {
  readonly type?: 'sidecar' | 'router';
  readonly ip?: string;
  readonly pod?: string;
  readonly namespace?: string;
  readonly labels?: { readonly [name: string]: string };
  readonly locality?: Locality;
  readonly metadata?: { readonly [name: string]: unknown };
}

/** A sidecar of the pod `web-1` in the namespace `shop`, at 10.0.0.1, unless told otherwise; by the number of its connection. */
export function proxyOf(
  {
    type = 'sidecar',
    ip = '10.0.0.1',
    pod = 'web-1',
    namespace = 'shop',
    labels = {},
    locality = nowhere,
    metadata = {},
  }: ProxyText = {},
  connection = 1,
): Proxy {
  const id = `${type}~${ip}~${pod}.${namespace}~${namespace}.svc.cluster.local`;
  return toProxy(
    { id, cluster: '', locality, userAgent: 'envoy', metadata: { NAMESPACE: namespace, LABELS: labels, ...metadata } },
    connection,
  );
}
