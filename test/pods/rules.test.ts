/** Rules of Istio's API, executed by the sidecars of pods. */
import { testInPods } from './support/suite.ts';

testInPods('does what rules say', new URL('./cases/rules.ts', import.meta.url));
