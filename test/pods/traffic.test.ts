/** Applications in pods call each other through real iptables rules and real Envoys, and know nothing of them. */
import { testInPods } from './support/suite.ts';

testInPods('carries whatever applications say', new URL('./cases/traffic.ts', import.meta.url));
