/** What a cluster says and real Envoys do. */
import { findEnvoy } from '../../src/agent/envoy-program.ts';
import { hasNetworkNamespaces, testInNetworkNamespace } from '../support/network-namespace.ts';
import { describeWith } from '../support/real-part.ts';
import { describeWithKubernetes } from './support/suite.ts';

describeWithKubernetes('a mesh in a cluster', () => {
  const needed = findEnvoy() !== undefined && hasNetworkNamespaces();
  const parts = {
    name: 'an Envoy and network namespaces',
    found: needed || undefined,
    remedy: 'set ENVOY; allow unshare',
  };
  describeWith(parts, 'with real Envoys', () => {
    testInNetworkNamespace('follows what kubectl does', new URL('./traffic/kubectl.ts', import.meta.url));
    testInNetworkNamespace('may span several clusters', new URL('./traffic/clusters.ts', import.meta.url));
  });
});
