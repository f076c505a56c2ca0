/** Where an application would be in the way of its sidecar: warnings, since the pod is what its owner wants it to be. */
import { agentPortOf, usualPorts } from '../agent/ports.ts';
import type { Finding } from '../model/decode.ts';
import type { SidecarOptions } from './annotations.ts';
import { isOurs, type Pod } from './pod.ts';
import { isIntercepted, proxyUser } from './proxy-container.ts';
import type { InjectedMesh } from './settings.ts';

export function collisions(pod: Pod, options: SidecarOptions, mesh: InjectedMesh): readonly Finding[] {
  return [...(isIntercepted(options) ? sharedUsers(pod) : []), ...sharedPorts(pod, options, mesh)];
}

/** The containers of the application that run as long as the pod, each with its path. */
function applications({ spec }: Pod) {
  const lists = ['initContainers', 'containers'] as const;
  return lists.flatMap((list) =>
    (spec[list] ?? []).flatMap((container, i) => {
      const isLasting = list === 'containers' || container.restartPolicy === 'Always';
      return isLasting && !isOurs(container) ? [{ container, path: `spec.${list}[${i}]` }] : [];
    }),
  );
}

/** What is the proxy's by its user or group is not intercepted, lest it go round in circles. */
function sharedUsers(pod: Pod): readonly Finding[] {
  const places = [
    { securityContext: pod.spec.securityContext, path: 'spec' },
    ...applications(pod).map(({ container: { securityContext }, path }) => ({ securityContext, path })),
  ];
  return places.flatMap(({ securityContext, path }) =>
    (['runAsUser', 'runAsGroup'] as const)
      .filter((field) => securityContext?.[field] === proxyUser)
      .map((field) => ({
        code: 'FW3206',
        severity: 'warning',
        path: `${path}.securityContext.${field}`,
        message: `expected another than ${proxyUser}, which is the proxy's, found it: connections of the application are not intercepted`,
      })),
  );
}

function sharedPorts(pod: Pod, options: SidecarOptions, mesh: InjectedMesh): readonly Finding[] {
  const { config } = options;
  const ports = new Map<number | undefined, string>([
    [config.proxyAdminPort ?? usualPorts.admin, "Envoy's admin interface"],
    [agentPortOf(config), 'the agent'],
    [usualPorts.status, 'readiness'],
    [usualPorts.prometheus, "Envoy's metrics"],
    ...(isIntercepted(options)
      ? ([
          [mesh.listenPort ?? usualPorts.outbound, 'what leaves the pod'],
          [mesh.inboundListenPort ?? usualPorts.inbound, 'what comes into it'],
        ] as const)
      : []),
  ]);
  return applications(pod).flatMap(({ container, path }) =>
    (container.ports ?? []).flatMap(({ containerPort }, i): readonly Finding[] => {
      const use = ports.get(containerPort);
      if (use === undefined) return [];
      const message = `expected a port that the proxy leaves free, found ${containerPort}, which it needs for ${use}`;
      return [{ code: 'FW3206', severity: 'warning', path: `${path}.ports[${i}].containerPort`, message }];
    }),
  );
}
