/**
 * Resources with patches of EnvoyFilters carried out on them. What no patch is for is the very same object afterwards, and
 * a result is remembered for as long as both the patches and the resource are in use.
 */
import { fromBinary } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import { addedMessages } from '../envoy/patch/added.ts';
import { patchCluster } from '../envoy/patch/cluster.ts';
import { patchListener } from '../envoy/patch/listener.ts';
import { type Effect, type Patch, readPatches } from '../envoy/patch/patch.ts';
import type { PatchIr } from '../ir/patch.ts';
import type { RuleOrigin } from '../ir/route.ts';
import { typeNameOf } from '../lib/type-name.ts';
import type { OriginKey } from '../model/origin.ts';
import { resourceOf } from './encode.ts';
import type { Interner } from './intern.ts';
import type { Resource } from './resource.ts';
import type { EncodedVirtualHost } from './route-configuration.ts';
import { clusterType, extensionType, listenerType } from './types.ts';

/** Resources after patches, and what the patches did. */
export interface PatchedResources {
  readonly resources: readonly Resource[];
  readonly effects: readonly Effect[];
}

export interface AddedResources extends PatchedResources {
  /** The patch behind each name. */
  readonly places: ReadonlyMap<string, RuleOrigin>;
}

export interface Patcher {
  /** Resources of one kind after patches, in their order. */
  patch(kind: Patchable, resources: readonly Resource[], patches: readonly PatchIr[]): PatchedResources;
  /** Resources that patches add. */
  added(kind: Addable, patches: readonly PatchIr[]): AddedResources;
  prepared(patches: readonly PatchIr[]): Prepared;
}

/** Patches that have been read, with what they made of resources so far. */
export interface Prepared {
  readonly patches: readonly Patch[];
  readonly resources: WeakMap<Resource, PatchedResources>;
  /** By the name of the configuration that the hosts stand in. */
  readonly hosts: Map<string, WeakMap<EncodedVirtualHost, PatchedVirtualHost>>;
}

export interface PatchedVirtualHost {
  /** Undefined when it has been removed. */
  readonly host: EncodedVirtualHost | undefined;
  readonly effects: readonly Effect[];
}

const steps = { CLUSTER: patchCluster, LISTENER: patchListener } as const;
const types = { CLUSTER: clusterType, LISTENER: listenerType, EXTENSION_CONFIG: extensionType } as const;

/** What patches change as whole resources, and what they add. */
export type Patchable = keyof typeof steps;
export type Addable = keyof typeof types;

export function createPatcher({ intern }: Interner): Patcher {
  const known = new WeakMap<readonly PatchIr[], Prepared>();

  function prepared(patches: readonly PatchIr[]): Prepared {
    const found = known.get(patches);
    if (found !== undefined) return found;
    const made = { patches: readPatches(patches), resources: new WeakMap(), hosts: new Map() };
    known.set(patches, made);
    return made;
  }

  function patchOne(kind: Patchable, resource: Resource, { patches, resources }: Prepared): PatchedResources {
    const found = resources.get(resource);
    if (found !== undefined) return found;
    const { value } = fromBinary(AnySchema, Buffer.concat(resource.chunks));
    const { name, bytes, effects } = steps[kind](resource.name, value, patches);
    const { routes } = resource;
    const made = (message: Uint8Array) => {
      const changed = encode(kind, name, message, originsWith(resource.origins, effects));
      return intern(types[kind], routes === undefined ? changed : { ...changed, routes });
    };
    const kept = bytes === undefined ? [] : [bytes === value ? resource : made(bytes)];
    const patched = { resources: kept, effects };
    resources.set(resource, patched);
    return patched;
  }

  return {
    prepared,
    patch(kind, resources, patches) {
      const ready = prepared(patches);
      const patched = resources.map((resource) => patchOne(kind, resource, ready));
      return {
        resources: patched.flatMap((one) => one.resources),
        effects: patched.flatMap((one) => one.effects),
      };
    },
    added(kind, patches) {
      const { added, effects } = addedMessages(kind, prepared(patches).patches);
      const resources = added.map(({ name, bytes, patch }) =>
        intern(types[kind], encode(kind, name, bytes, [patch.ir.origin.object])),
      );
      return { resources, effects, places: new Map(added.map(({ name, patch }) => [name, patch.ir.origin])) };
    },
  };
}

function encode(kind: Addable, name: string, message: Uint8Array, origins: readonly OriginKey[]): Resource {
  return resourceOf(typeNameOf(types[kind]), name, message, origins);
}

/** The origins of something, and the EnvoyFilters that have changed it. */
export function originsWith(origins: readonly OriginKey[], effects: readonly Effect[]): readonly OriginKey[] {
  const changed = effects.filter(({ misfit }) => misfit === undefined).map(({ origin }) => origin.object);
  return changed.length === 0 ? origins : [...new Set([...origins, ...changed])];
}
