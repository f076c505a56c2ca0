/** A pod that Istio's chart describes becomes a gateway, and lets calls from outside into the mesh. */
import { testInPods } from './support/suite.ts';

testInPods('has gateways of pods', new URL('./cases/gateway.ts', import.meta.url));
