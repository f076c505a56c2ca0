/** Whole resources that patches add: Clusters, Listeners, configurations of filters. */
import { toBinary } from '@bufbuild/protobuf';
import { envoyMessage } from '../../descriptors/registry.ts';
import type { PatchTarget } from '../../ir/patch.ts';
import type { ListenerMessage } from './listener-match.ts';
import { type Effect, Effects, type Patch, patchesOn, valueOf } from './patch.ts';

export interface Added {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly patch: Patch;
}

/** What patches add, each name once: the first to add it has it. */
export function addedMessages(
  target: PatchTarget,
  patches: readonly Patch[],
): { readonly added: readonly Added[]; readonly effects: readonly Effect[] } {
  const effects = new Effects();
  const found = new Map<string, Added>();
  for (const patch of patchesOn(target, patches)) {
    if (patch.ir.operation !== 'ADD') continue;
    const message = valueOf<ListenerMessage>(patch);
    const { name } = message;
    if (name === '') effects.misfit(patch, 'expected a name for what is added, found none');
    else if (found.has(name)) effects.misfit(patch, `expected a name that no earlier patch has added, found ${name}`);
    else {
      found.set(name, { name, bytes: toBinary(envoyMessage(message.$typeName), message), patch });
      effects.applied(patch);
    }
  }
  return { added: [...found.values()], effects: effects.list() };
}
