/** The parts of MeshConfig that reach into every corner. */
import fc from 'fast-check';
import type { MeshNetworks } from '../../src/config/mesh-networks.ts';
import type { MeshConfigDraft } from '../support/plane.ts';
import { connectionPool, localityLbSetting, outlierDetection } from './destination-rule.ts';
import { clusterHost, exportTo, partly } from './universe.ts';

const targets = exportTo.map((all) => all ?? ['*']);

const gateways = fc.constantFrom(
  [],
  [{ address: '3.3.3.3', port: 15443 }],
  [{ registryServiceName: clusterHost('x', 'a'), port: 80 }],
);

export const meshNetworks: fc.Arbitrary<MeshNetworks> = fc
  .record({
    near: partly({ endpoints: fc.constant([{ fromRegistry: 'Kubernetes' }]), gateways }),
    far: partly({ endpoints: fc.constantFrom([{ fromRegistry: 'east' }], [{ fromCidr: '10.0.0.2/31' }]), gateways }),
  })
  .map((networks) => ({ networks }));

export const meshConfig: fc.Arbitrary<MeshConfigDraft> = partly({
  outboundTrafficPolicy: fc.constantFrom({ mode: 'REGISTRY_ONLY' }, { mode: 'ALLOW_ANY' }),
  inboundTrafficPolicy: fc.constant({ mode: 'LOCALHOST' }),
  rootNamespace: fc.constantFrom('istio-system', 'b'),
  defaultServiceExportTo: targets,
  defaultVirtualServiceExportTo: targets,
  defaultDestinationRuleExportTo: targets,
  localityLbSetting,
  h2UpgradePolicy: fc.constant('UPGRADE'),
  proxyHttpPort: fc.constant(15007),
  accessLogFile: fc.constant('/dev/stdout'),
  defaultHttpRetryPolicy: fc.constantFrom({ attempts: 0 }, { attempts: 4, retryOn: 'reset' }),
  defaultTrafficPolicy: partly({ connectionPool, outlierDetection }),
  outboundClusterStatName: fc.constant('%SERVICE%_%SERVICE_PORT%'),
  pathNormalization: fc.constant({ normalization: 'MERGE_SLASHES' }),
  connectTimeout: fc.constant('3s'),
  defaultConfig: fc.constantFrom(
    { gatewayTopology: { numTrustedProxies: 1 } },
    { gatewayTopology: { proxyProtocol: {} } },
  ),
  tlsDefaults: fc.constantFrom(
    { ecdhCurves: ['P-256'] },
    { minProtocolVersion: 'TLSV1_3', cipherSuites: ['AES128-SHA'] },
  ),
  serviceSettings: fc.constantFrom(
    [{ settings: { clusterLocal: true }, hosts: ['*.a.svc.cluster.local'] }],
    [
      { settings: { clusterLocal: true }, hosts: ['*'] },
      { settings: { clusterLocal: false }, hosts: [clusterHost('x', 'b')] },
    ],
  ),
  discoverySelectors: fc.constantFrom([{ matchLabels: { mesh: 'in' } }], []),
});
