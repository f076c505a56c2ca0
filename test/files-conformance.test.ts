/** Files show what every registry has to show. They are cut off by moving their folder away. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileSource } from '../src/files/file-source.ts';
import { silent } from '../src/lib/log.ts';
import type { World } from '../src/registry/conformance/world.ts';
import { serviceObject, sliceObject } from './support/conformance-objects.ts';
import { conformanceSuite } from './support/conformance-suite.ts';
import { objectRows } from './support/object-rows.ts';

/** Confirmations take less time than for people who edit. */
const times = { quietMs: 10, confirmMs: 100, doubtMs: 300, rescanMs: 50 };

async function openWorld(): Promise<World> {
  const above = mkdtempSync(join(tmpdir(), 'fairway-files-'));
  const [folder, away] = [join(above, 'mesh'), join(above, 'away')];
  /** Where the folder is now. */
  let place = folder;
  mkdirSync(folder);
  const write = (service: string, objects: readonly object[]) => {
    const file = join(place, `${service}.yaml`);
    writeFileSync(join(above, 'next'), objects.map((object) => `${JSON.stringify(object)}\n`).join('---\n'));
    renameSync(join(above, 'next'), file);
  };
  const move = async (to: string) => {
    if (place !== to) renameSync(place, to);
    place = to;
  };
  const held = new Map<string, readonly object[]>();
  const hold = async (service: string, objects: readonly object[]) => {
    held.set(service, objects);
    write(service, objects);
  };
  // An empty folder is what a volume that is not mounted looks like.
  await hold('note', [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }]);
  return {
    source: () => objectRows([fileSource({ paths: [folder], log: silent, ...times })]),
    hostname: (service) => `${service}.shop.svc.cluster.local`,
    put: (service, instances) => hold(service, [serviceObject(service), sliceObject(service, instances)]),
    async remove(service) {
      held.delete(service);
      rmSync(join(place, `${service}.yaml`));
    },
    breakConnection: () => move(away),
    mendConnection: () => move(folder),
    async reorder() {
      // Of fields: rows name the line of their object, so that another order of objects is another state.
      const reversed = (object: object) => Object.fromEntries(Object.entries(object).reverse());
      for (const [service, objects] of held) write(service, objects.map(reversed));
    },
    async putBroken(service) {
      writeFileSync(join(place, `${service}.yaml`), 'kind: [Service\n');
    },
    async loseState() {
      for (const file of readdirSync(place)) if (file !== 'note.yaml') rmSync(join(place, file));
    },
    cannot: { garble: 'a folder answers nothing; what a file says without sense is that of putBroken' },
    quietMs: 400,
    async close() {
      if (existsSync(above)) rmSync(above, { recursive: true });
    },
  };
}

conformanceSuite('a folder of files', openWorld);
