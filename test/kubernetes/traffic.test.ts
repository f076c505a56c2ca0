/** What a cluster says and real Envoys do. */
import { findEnvoy } from '../../src/agent/envoy-program.ts';
import { findNetworkNamespaces, testInNetworkNamespace } from '../support/network-namespace.ts';
import { describeWith } from '../support/real-part.ts';
import { describeWithKubernetes } from './support/suite.ts';

describeWithKubernetes('a mesh in a cluster', () => {
  const parts = {
    name: 'an Envoy and network namespaces',
    found: findEnvoy() === undefined ? undefined : findNetworkNamespaces(),
    remedy: 'set ENVOY; run as root, or allow user namespaces',
  };
  describeWith(parts, 'with real Envoys', (way) => {
    testInNetworkNamespace('follows what kubectl does', way, new URL('./traffic/kubectl.ts', import.meta.url));
    testInNetworkNamespace('may span several clusters', way, new URL('./traffic/clusters.ts', import.meta.url));
  });
});
