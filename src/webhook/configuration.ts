/** The ValidatingWebhookConfiguration by which an API server asks Fairway: what of it depends on the webhook, not on who installs it. */
import { customResources } from '../config/custom-resources.ts';
import { webhookPath } from './path.ts';
import type { MeshConfigPlace } from './verdict.ts';

export interface WebhookConfigurationOptions {
  /** The name of the configuration. */
  readonly name: string;
  readonly server: WebhookPlace;
  /** PEM; for the server's certificate. */
  readonly authorities: string;
  readonly meshConfig: MeshConfigPlace;
}

/** Where the webhook is: a Service, or an address such as `https://127.0.0.1:15017`. */
export type WebhookPlace =
  | { readonly namespace: string; readonly service: string; readonly port: number }
  | { readonly url: string };

/**
 * Two webhooks, for Istio's kinds and for the ConfigMap with the MeshConfig. Whoever wants another `failurePolicy` or
 * `namespaceSelector` changes the object.
 */
export function webhookConfiguration(options: WebhookConfigurationOptions): object {
  const { name, server, authorities, meshConfig } = options;
  const clientConfig = { ...addressOf(server, webhookPath), caBundle: Buffer.from(authorities).toString('base64') };
  const webhook = (what: string, rest: object) => ({
    name: `${what}.validation.fairway.dev`,
    clientConfig,
    admissionReviewVersions: ['v1'],
    ...behaviour,
    ...rest,
  });
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name },
    webhooks: [
      webhook('rules', { rules: rules() }),
      webhook('mesh-config', {
        rules: [{ ...created, apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], scope: 'Namespaced' }],
        // Judged by the API server, so that it asks about no other ConfigMap.
        matchConditions: [
          {
            name: 'is-the-mesh-config',
            expression: `request.namespace == '${meshConfig.namespace}' && request.name == '${meshConfig.name}'`,
          },
        ],
      }),
    ],
  };
}

const created = { operations: ['CREATE', 'UPDATE'] };

const behaviour = {
  // A control plane that is away must not keep anybody from deploying: what is wrong is found by `serve` all the same, and
  // leaves the last good version of the object in force.
  failurePolicy: 'Ignore',
  // An object is judged in milliseconds and given up after three seconds; two more are for the way. Each second more would
  // be one that kubectl hangs while Fairway is away.
  timeoutSeconds: 5,
  sideEffects: 'None',
  // A rule is asked about whatever version it is written in.
  matchPolicy: 'Equivalent',
  namespaceSelector: {},
  objectSelector: {},
};

/** A rule for each group of Istio's API, for all of its versions. */
function rules(): readonly object[] {
  const groups = new Map<string, readonly string[]>();
  for (const { group, plural } of customResources) groups.set(group, [...(groups.get(group) ?? []), plural]);
  return [...groups].map(([group, resources]) => ({
    ...created,
    apiGroups: [group],
    apiVersions: ['*'],
    resources,
    scope: 'Namespaced',
  }));
}

/** Where an API server asks, but for whom it trusts. */
export function addressOf(server: WebhookPlace, path: string): object {
  if ('url' in server) return { url: `${server.url}${path}` };
  const { namespace, service, port } = server;
  return { service: { namespace, name: service, port, path } };
}
