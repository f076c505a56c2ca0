/** The ways in which a pod's connections come to its Envoy: REDIRECT and TPROXY, IPv4 and IPv6, and what annotations spare. */
import { testInPods } from './support/suite.ts';

testInPods('intercepts', new URL('./cases/interception.ts', import.meta.url));
