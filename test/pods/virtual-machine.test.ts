/** A machine without a kubelet: it registers itself, is called while it is well, and calls others by their names. */
import { testInPods } from './support/suite.ts';

testInPods('has a machine', new URL('./cases/virtual-machine.ts', import.meta.url));
