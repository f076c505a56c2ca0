import { object } from './cases.ts';

/** Where HTTPS servers of these tests listen: nobody needs privileges for it. */
export const tlsPort = 8443;

/** One server of a Gateway for `name.test`. */
export function tlsServer(name: string, tls: string, protocol = 'HTTPS'): string {
  return `{ port: { number: ${tlsPort}, name: ${name}, protocol: ${protocol} }, hosts: [${name}.test], tls: ${tls} }`;
}

/** The Gateway `edge/web` with some servers. */
export function webServers(...servers: readonly string[]): string {
  return object('Gateway edge/web', `\n  selector: { istio: ingressgateway }\n  servers: [${servers.join(', ')}]`);
}

/** All requests for hosts under `.test` go to ratings. */
export const toRatings = object(
  'VirtualService shop/web',
  `
  hosts: ["*.test"]
  gateways: [edge/web]
  http: [{ route: [{ destination: { host: ratings } }] }]`,
);
