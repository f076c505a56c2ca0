import type { RuleOrigin } from '../ir/route.ts';
import type { OriginKey } from '../model/origin.ts';

/** One resource as a proxy receives it. Equal content is the same object, so that comparing is free. */
export interface Resource {
  readonly name: string;
  /** Names the content: equal bytes, equal version, in every run. */
  readonly version: string;
  /** The bytes of its google.protobuf.Any, in pieces that other resources may share. */
  readonly chunks: readonly Uint8Array[];
  /** The sum of the pieces' lengths. */
  readonly size: number;
  /** The objects that it was made from. */
  readonly origins: readonly OriginKey[];
  /** The names of the RouteConfigurations that a listener asks for. */
  readonly routes?: readonly string[];
  /** The virtual hosts of a RouteConfiguration, in its order; the hosts of a table of names. */
  readonly parts?: readonly ResourcePart[];
}

/** A part of a resource with origins of its own. */
export interface ResourcePart {
  readonly name: string;
  readonly origins: readonly OriginKey[];
  /** The rule behind each of its routes, in order; undefined for a route that no rule asked for. */
  readonly routes: readonly (RuleOrigin | undefined)[];
}
