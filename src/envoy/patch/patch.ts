/**
 * The last step of translation: patches of EnvoyFilters on an encoded message. Pure as the rest, but by reflection, since
 * users may write any of Envoy's messages.
 *
 *      bytes, patches ─► message ─► patched message ─► bytes, effects
 */
import { clone, type Message } from '@bufbuild/protobuf';
import { type ListMerge, mergeInto } from '../../descriptors/merge.ts';
import { patchedTypes } from '../../descriptors/patched-types.ts';
import { readJson } from '../../descriptors/read-json.ts';
import { envoyMessage } from '../../descriptors/registry.ts';
import type { PatchIr, PatchTarget } from '../../ir/patch.ts';
import type { RuleOrigin } from '../../ir/route.ts';
import { must } from '../../lib/assert.ts';

/** A patch whose value has been read. */
export interface Patch {
  readonly ir: PatchIr;
  /** A message of the target's type; absent for what removes. */
  readonly value?: Message;
}

/** What a patch did where it matched. */
export interface Effect {
  readonly origin: RuleOrigin;
  /** Why it could not be carried out there; absent when it was. */
  readonly misfit?: string;
}

/** A message after all patches. */
export interface Patched {
  /** The message's own name, which a patch may have changed. */
  readonly name: string;
  /** Undefined when it has been removed; the very bytes that came in when nothing has changed. */
  readonly bytes: Uint8Array | undefined;
  readonly effects: readonly Effect[];
}

/** Reads the values of patches, which have been checked when they were decoded. */
export function readPatches(irs: readonly PatchIr[]): readonly Patch[] {
  return irs.map((ir) => {
    if (ir.value === undefined) return { ir };
    const value = readJson(patchedTypes[ir.target], ir.value, [], () => {});
    return { ir, value: must(value, `a value that fits, of ${ir.origin.object} ${ir.origin.path}`) };
  });
}

/** Collects what patches do, each finding once. */
export class Effects {
  readonly #applied = new Set<Patch>();
  readonly #misfits = new Map<string, Effect>();

  applied(patch: Patch): void {
    this.#applied.add(patch);
  }

  misfit(patch: Patch, misfit: string): void {
    const { origin } = patch.ir;
    this.#misfits.set(`${origin.object}\n${origin.path}\n${misfit}`, { origin, misfit });
  }

  /** Whether anything has been changed. */
  get isChange(): boolean {
    return this.#applied.size > 0;
  }

  list(): readonly Effect[] {
    return [...[...this.#applied].map(({ ir: { origin } }) => ({ origin })), ...this.#misfits.values()];
  }
}

export function patchesOn(target: PatchTarget, patches: readonly Patch[]): readonly Patch[] {
  return patches.filter(({ ir }) => ir.target === target);
}

/** A new copy of a patch's value. */
export function valueOf<T extends Message>({ value, ir }: Patch): T {
  const message = must(value, `a value of ${ir.origin.object} ${ir.origin.path}`);
  return clone(envoyMessage(message.$typeName), message) as T;
}

/** How lists merge under a patch's operation; undefined when it merges nothing. */
export function listMergeOf({ ir: { operation } }: Patch): ListMerge | undefined {
  if (operation === 'MERGE') return 'append';
  return operation === 'MERGE_AND_REPLACE_LIST' ? 'replace' : undefined;
}

/** Merges a patch's value into a message; false when the patch is for something else than merging. */
export function mergePatch(target: Message, patch: Patch, effects: Effects): boolean {
  const lists = listMergeOf(patch);
  if (lists === undefined) return false;
  mergeInto(target, valueOf(patch), lists);
  effects.applied(patch);
  return true;
}
