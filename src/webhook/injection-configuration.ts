/** The MutatingWebhookConfiguration by which an API server asks for sidecars: Istio's rules of which pods. */
import { excludedNamespaces, injectLabel, namespaceLabel, revisionLabel } from '../inject/refusal.ts';
import { defaultRevision } from '../inject/settings.ts';
import { addressOf, type WebhookPlace } from './configuration.ts';
import { injectPath } from './path.ts';

export interface InjectionConfigurationOptions {
  /** The name of the configuration. */
  readonly name: string;
  readonly server: WebhookPlace;
  /** PEM; for the server's certificate. */
  readonly authorities: string;
  readonly revision: string;
}

/**
 * A webhook for each way in which a namespace or a pod asks: by the revision, and, for the default one, by
 * `istio-injection` and `sidecar.istio.io/inject`. A pod that is asked about twice is injected once.
 */
export function injectionConfiguration({ name, server, authorities, revision }: InjectionConfigurationOptions): object {
  const clientConfig = { ...addressOf(server, injectPath), caBundle: Buffer.from(authorities).toString('base64') };
  const webhook = (what: string, ofNamespace: readonly object[], ofPod: readonly object[]) => ({
    name: `${what}.injection.fairway.dev`,
    clientConfig,
    admissionReviewVersions: ['v1'],
    ...behaviour,
    namespaceSelector: { matchExpressions: [...ofNamespace, isOfApplications] },
    objectSelector: { matchExpressions: ofPod },
    rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], scope: 'Namespaced' }],
  });
  const byRevision = [
    webhook('rev.namespace', [isIn(revisionLabel, revision), isAbsent(namespaceLabel)], [isNot(injectLabel, 'false')]),
    webhook(
      'rev.object',
      [isAbsent(revisionLabel), isAbsent(namespaceLabel)],
      [isNot(injectLabel, 'false'), isIn(revisionLabel, revision)],
    ),
  ];
  const byDefault = [
    webhook('namespace', [isIn(namespaceLabel, 'enabled')], [isNot(injectLabel, 'false')]),
    webhook(
      'object',
      [isAbsent(namespaceLabel), isAbsent(revisionLabel)],
      [isIn(injectLabel, 'true'), isAbsent(revisionLabel)],
    ),
  ];
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name },
    webhooks: revision === defaultRevision ? [...byRevision, ...byDefault] : byRevision,
  };
}

const behaviour = {
  // A pod without its sidecar would run outside of the mesh, and nobody would notice: it is better made a little later.
  failurePolicy: 'Fail',
  timeoutSeconds: 5,
  sideEffects: 'None',
  matchPolicy: 'Equivalent',
  // What others add to the pod later is not ours to see to.
  reinvocationPolicy: 'Never',
};

const isOfApplications = { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: [...excludedNamespaces] };

function isIn(key: string, value: string): object {
  return { key, operator: 'In', values: [value] };
}

function isNot(key: string, value: string): object {
  return { key, operator: 'NotIn', values: [value] };
}

function isAbsent(key: string): object {
  return { key, operator: 'DoesNotExist' };
}
