/** Suites whose pods are namespaces, with real sidecars before their applications. */
import { findEnvoy } from '../../../src/agent/envoy-program.ts';
import { describeWithKubernetes } from '../../kubernetes/support/suite.ts';
import { describeWithIptables } from '../../support/iptables.ts';
import { testInNetworkNamespace } from '../../support/network-namespace.ts';
import { describeWith } from '../../support/real-part.ts';
import { findPodIsolation } from './isolation.ts';

/** For all tests of a file, in milliseconds, on a machine that does much else. */
const mostMs = 10 * 60_000;

/** Runs the tests of a file of `cases/` on a machine of its own; skipped with the reason where a part is missing, but not on CI. */
export function testInPods(name: string, file: URL): void {
  describeWithKubernetes('a mesh of pods', () => {
    const parts = {
      name: 'an Envoy and namespaces of Linux',
      found: findEnvoy() === undefined ? undefined : findPodIsolation(),
      remedy: 'set ENVOY; run as root on Linux',
    };
    describeWith(parts, 'with real sidecars', (way) =>
      describeWithIptables('and real rules', () => testInNetworkNamespace(name, way, file, mostMs)),
    );
  });
}
