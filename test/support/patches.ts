/** Patches of EnvoyFilters from YAML texts, and messages of Envoy to carry them out on. */
import assert from 'node:assert/strict';
import { fromBinary, type JsonValue, toBinary, toJson } from '@bufbuild/protobuf';
import { parse } from 'yaml';
import { readJson } from '../../src/descriptors/read-json.ts';
import { envoyMessage, envoyRegistry } from '../../src/descriptors/registry.ts';
import { type Effect, type Patch, readPatches } from '../../src/envoy/patch/patch.ts';
import type { PatchIr } from '../../src/ir/patch.ts';

/** The patches of a list as `configPatches` has it; the first is called 0. */
export function patchesIn(yaml: string): readonly Patch[] {
  const list = parse(yaml) as readonly {
    readonly applyTo: PatchIr['target'];
    readonly match?: Pick<PatchIr, 'cluster' | 'listener' | 'routeConfiguration'>;
    readonly patch: Pick<PatchIr, 'operation' | 'value'>;
  }[];
  return readPatches(
    list.map(({ applyTo, match = {}, patch: { operation, value } }, i) => ({
      target: applyTo,
      operation,
      ...match,
      ...(value === undefined ? {} : { value }),
      origin: { object: 'EnvoyFilter/shop/a', path: String(i) },
    })),
  );
}

/** The bytes of a message in YAML. */
export function bytesOf(typeName: string, yaml: string): Uint8Array {
  const problems: unknown[] = [];
  const message = readJson(typeName, parse(yaml) ?? {}, [], (problem) => problems.push(problem));
  assert.deepEqual(problems, []);
  assert.ok(message !== undefined);
  return toBinary(envoyMessage(typeName), message);
}

export function jsonOf(typeName: string, bytes: Uint8Array): JsonValue {
  const schema = envoyMessage(typeName);
  return toJson(schema, fromBinary(schema, bytes), { registry: envoyRegistry() });
}

/** A message in YAML in the form in which `jsonOf` gives it. */
export function normal(typeName: string, yaml: string): JsonValue {
  return jsonOf(typeName, bytesOf(typeName, yaml));
}

/** One line for each effect: the patch's place, and what did not fit. */
export function effectLines(effects: readonly Effect[]): readonly string[] {
  return effects.map(({ origin, misfit }) => (misfit === undefined ? origin.path : `${origin.path}: ${misfit}`));
}
