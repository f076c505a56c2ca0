/** Applications notice nothing while pods roll, rules change in any order, and the control plane comes and goes. */
import { testInPods } from './support/suite.ts';

testInPods('loses no call', new URL('./cases/zero-loss.ts', import.meta.url));
