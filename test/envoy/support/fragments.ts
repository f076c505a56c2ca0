/** Objects that many situations share. */
import { object } from './cases.ts';

/** Subsets v1, v2 and v3 of reviews. */
export const reviewsSubsets = object(
  'DestinationRule shop/reviews',
  `
  host: reviews
  subsets:
    - { name: v1, labels: { version: v1 } }
    - { name: v2, labels: { version: v2 } }
    - { name: v3, labels: { version: v3 } }`,
);

/** A Gateway `edge/web` with one HTTP server for some hosts, `ns/host` or plain. */
export function webGateway(...hosts: readonly string[]): string {
  return object(
    'Gateway edge/web',
    `
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ${JSON.stringify(hosts)} }]`,
  );
}

/**
 * Tells sidecars of the namespace shop where connections were meant to go by the PROXY protocol. The kernel would tell them
 * where iptables intercepts, which needs privileges; all that follows from it is the same.
 */
export const toldDestinations = object(
  'EnvoyFilter shop/told-destinations',
  `
  configPatches:
    ${['virtualOutbound', 'virtualInbound']
      .map(
        (name) => `
    - applyTo: LISTENER_FILTER
      match: { context: ANY, listener: { name: ${name} } }
      patch:
        operation: INSERT_FIRST
        value:
          name: envoy.filters.listener.proxy_protocol
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol`,
      )
      .join('\n    ')}`,
);

/** Nothing that no service claims is let through, so that it shows what a service claims. */
export const registryOnly = 'outboundTrafficPolicy: { mode: REGISTRY_ONLY }';

export const anyReviews = ['reviews-v1', 'reviews-v2', 'reviews-v3'];
