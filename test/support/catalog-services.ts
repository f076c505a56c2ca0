/** Services of catalogs from short texts. */
import type { CatalogInstance, CatalogService } from '../../src/model/catalog.ts';
import { parseProtocol } from '../../src/model/protocol.ts';
import type { ServicePort } from '../../src/model/service.ts';

/** Ports such as `http: 80, tcp-store: 90`; what they speak is the beginning of their names. */
export function portsOf(text: string): readonly ServicePort[] {
  return text.split(', ').map((port) => {
    const [name = '', number = ''] = port.split(': ');
    return { name, number: Number(number), protocol: parseProtocol(name.split('-')[0] ?? '') };
  });
}

/** A service with these ports in the namespace `default`, unless `more` says otherwise. */
export function catalogService(
  hostnames: readonly string[],
  ports: string,
  instances: readonly CatalogInstance[],
  more: Partial<CatalogService> = {},
): CatalogService {
  return { hostnames, namespace: 'default', ports: portsOf(ports), instances, ...more };
}

/** An instance that is named by where it is, such as `10.0.0.1:8080`, and serves one port there: `http` unless told otherwise. */
export function instance(place: string, more: Partial<CatalogInstance> = {}, port = 'http'): CatalogInstance {
  const at = place.lastIndexOf(':');
  return { id: place, address: place.slice(0, at), ports: { [port]: Number(place.slice(at + 1)) }, ...more };
}
