/** Objects of Kubernetes as kubectl takes them, each as one line of JSON. */
import { applicationPort, nodeName } from './kubelet.ts';

export function namespace(name: string): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
}

export function service(namespace: string, name: string, spec: object = {}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 9080, targetPort: applicationPort }], ...spec },
  });
}

/** A Deployment whose Pods are bound to the node, since there is no scheduler. */
export function deployment(namespace: string, app: string, version: string, replicas = 1): string {
  const labels = { app, version };
  const metadata = { name: `${app}-${version}`, namespace };
  return JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas,
      selector: { matchLabels: labels },
      strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: { metadata: { labels }, spec: { nodeName, containers: [{ name: app, image: 'none' }] } },
    },
  });
}

/** A rule of Istio's networking API. */
export function rule(kind: string, namespace: string, name: string, spec: object): string {
  return JSON.stringify({ apiVersion: 'networking.istio.io/v1', kind, metadata: { name, namespace }, spec });
}
