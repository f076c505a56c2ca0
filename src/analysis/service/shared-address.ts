/** FW1204: ports that cannot be told apart because they share an address. */
import { byAge } from '../../config/config.ts';
import type { Reader } from '../../incremental/query.ts';
import { isHttp, isTls } from '../../model/protocol.ts';
import { type Service, serviceKey } from '../../model/service.ts';
import type { AnalyzedMesh, Analyzer, Diagnosis } from '../analyzer.ts';

export function sharedAddress({ tables, knowledge }: AnalyzedMesh): Analyzer<Service> {
  const { services } = tables;

  /** The oldest other service in a group, if it is older than this one and takes the connections of the port. */
  function older(read: Reader, service: Service, keys: readonly string[], number: number): Service | undefined {
    return read
      .rows(services, keys)
      .filter((other) => other.hostname !== service.hostname)
      .filter(({ ports }) =>
        ports.some((port) => port.number === number && !isTls(port.protocol) && !isHttp(port.protocol)),
      )
      .sort(byAge)
      .find((other) => byAge(other, service) < 0);
  }

  return {
    name: 'sharedAddress',
    reads: [services, services.byAddress, knowledge.openPorts],
    analyze(read, service) {
      return service.ports.flatMap(({ number, protocol }, i): readonly Diagnosis[] => {
        if (isHttp(protocol) || isTls(protocol) || protocol === 'UDP') return [];
        const places = service.addresses.map((address) => `${address}:${number}`);
        const group =
          places.length > 0
            ? service.addresses.flatMap((address) => read.keys(services.byAddress, address))
            : read.keys(knowledge.openPorts, String(number));
        const isOpen = places.length === 0 && group.includes(serviceKey(service));
        if (places.length === 0 && !isOpen) return [];
        const winner = older(read, service, group, number);
        if (winner === undefined) return [];
        return [
          {
            code: 'FW1204',
            severity: 'warning',
            path: `spec.ports[${i}]`,
            message: `expected ${isOpen ? 'an address' : 'an address and port'} that no older service has, found ${
              isOpen ? `none, so that all connections to port ${number} are one` : places.join(', ')
            }: they go to ${winner.hostname}`,
            hint: 'give each service that does not speak HTTP or TLS an address of its own',
            related: [{ origin: winner.origin, path: 'spec.ports', reason: 'is older and gets the connections' }],
          },
        ];
      });
    },
  };
}
