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
  /** Parts with origins of their own: the virtual hosts of a RouteConfiguration. */
  readonly parts?: readonly { readonly name: string; readonly origins: readonly OriginKey[] }[];
}
