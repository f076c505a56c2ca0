/** One mesh of files, Kubernetes and Consul. */
import { findEnvoy } from '../../src/agent/envoy-program.ts';
import { findConsul } from '../../src/up/consul-program.ts';
import { describeWithKubernetes } from '../kubernetes/support/suite.ts';
import { findNetworkNamespaces, testInNetworkNamespace } from '../support/network-namespace.ts';
import { describeWith } from '../support/real-part.ts';

describeWithKubernetes('a mesh of three registries', () => {
  const areThere = findEnvoy() !== undefined && findConsul() !== undefined;
  const parts = {
    name: 'an Envoy, a Consul and network namespaces',
    found: areThere ? findNetworkNamespaces() : undefined,
    remedy: 'set ENVOY and CONSUL; run as root, or allow user namespaces',
  };
  describeWith(parts, 'with real Envoys', (way) => {
    testInNetworkNamespace('goes on whichever is away', way, new URL('./three/traffic.ts', import.meta.url));
  });
});
