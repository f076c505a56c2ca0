/**
 * What goes wrong between a control plane and a real apiserver, while objects change: nothing is removed that the apiserver
 * has not confirmed as gone, what cannot be seen is called stale, and afterwards the state is that of a fresh list.
 */
import { after, before } from 'node:test';
import { answerFaults } from './faults/answers.ts';
import { disorderFaults } from './faults/disorder.ts';
import { kindFaults } from './faults/kinds.ts';
import { listFaults } from './faults/lists.ts';
import { restartFaults } from './faults/restarts.ts';
import { streamFaults } from './faults/streams.ts';
import { startWorld, type World } from './support/fault-world.ts';
import { describeWithKubernetes } from './support/suite.ts';

describeWithKubernetes('between a control plane and an apiserver', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.close());

  answerFaults(() => world);
  streamFaults(() => world);
  disorderFaults(() => world);
  listFaults(() => world);
  kindFaults(() => world);
  restartFaults(() => world);
});
