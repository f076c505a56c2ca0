import assert from 'node:assert/strict';
import { it } from 'node:test';
import { webhookConfiguration } from './configuration.ts';

const behaviour = {
  admissionReviewVersions: ['v1'],
  failurePolicy: 'Ignore',
  timeoutSeconds: 5,
  sideEffects: 'None',
  matchPolicy: 'Equivalent',
  namespaceSelector: {},
  objectSelector: {},
};
const changes = { operations: ['CREATE', 'UPDATE'], scope: 'Namespaced' };

it('an API server asks about all of Istio’s kinds and about one ConfigMap, and goes on when nobody answers', () => {
  const clientConfig = {
    service: { namespace: 'istio-system', name: 'fairway', port: 443, path: '/validate' },
    caBundle: 'cGVt',
  };
  assert.deepEqual(
    webhookConfiguration({
      name: 'fairway',
      server: { namespace: 'istio-system', service: 'fairway', port: 443 },
      authorities: 'pem',
      meshConfig: { namespace: 'istio-system', name: 'istio' },
    }),
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'fairway' },
      webhooks: [
        {
          name: 'rules.validation.fairway.dev',
          clientConfig,
          ...behaviour,
          rules: [
            {
              ...changes,
              apiGroups: ['networking.istio.io'],
              apiVersions: ['*'],
              resources: [
                'virtualservices',
                'destinationrules',
                'serviceentries',
                'workloadentries',
                'gateways',
                'sidecars',
                'envoyfilters',
                'workloadgroups',
                'proxyconfigs',
              ],
            },
            {
              ...changes,
              apiGroups: ['security.istio.io'],
              apiVersions: ['*'],
              resources: ['peerauthentications', 'requestauthentications', 'authorizationpolicies'],
            },
            { ...changes, apiGroups: ['telemetry.istio.io'], apiVersions: ['*'], resources: ['telemetries'] },
            { ...changes, apiGroups: ['extensions.istio.io'], apiVersions: ['*'], resources: ['wasmplugins'] },
          ],
        },
        {
          name: 'mesh-config.validation.fairway.dev',
          clientConfig,
          ...behaviour,
          rules: [{ ...changes, apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
          matchConditions: [
            {
              name: 'is-the-mesh-config',
              expression: "request.namespace == 'istio-system' && request.name == 'istio'",
            },
          ],
        },
      ],
    },
  );
});

it('an API server may be sent to an address', () => {
  const { webhooks } = webhookConfiguration({
    name: 'fairway',
    server: { url: 'https://127.0.0.1:15017' },
    authorities: 'pem',
    meshConfig: { namespace: 'istio-system', name: 'istio' },
  }) as { readonly webhooks: readonly { readonly clientConfig: unknown }[] };
  const clientConfig = { url: 'https://127.0.0.1:15017/validate', caBundle: 'cGVt' };
  assert.deepEqual(
    webhooks.map((webhook) => webhook.clientConfig),
    [clientConfig, clientConfig],
  );
});
