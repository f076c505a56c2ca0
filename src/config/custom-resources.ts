/** Istio's kinds as an API server knows them: names and versions, as Istio's own definitions have them. */
import { type Kind, kinds } from './kinds.ts';

export interface CustomResource {
  readonly kind: Kind;
  readonly group: string;
  /** `virtualservices` */
  readonly plural: string;
  /** What people may type for it. */
  readonly shortNames: readonly string[];
  /** Those that are served, newest first. All have one form, and objects are stored in the first. */
  readonly versions: readonly [string, ...string[]];
}

/** The versions of Istio's groups, newest first. */
export const versionsOfGroup: { readonly [group: string]: CustomResource['versions'] } = {
  'networking.istio.io': ['v1', 'v1beta1', 'v1alpha3'],
  'security.istio.io': ['v1', 'v1beta1'],
  'telemetry.istio.io': ['v1', 'v1alpha1'],
  'extensions.istio.io': ['v1alpha1'],
};

/** Kinds that are not served in all versions of their group. */
const versionsOfKind: { readonly [name in Kind]?: CustomResource['versions'] } = {
  EnvoyFilter: ['v1alpha3'],
  ProxyConfig: ['v1beta1'],
};

const shortNames: { readonly [name in Kind]?: readonly string[] } = {
  VirtualService: ['vs'],
  DestinationRule: ['dr'],
  Gateway: ['gw'],
  ServiceEntry: ['se'],
  WorkloadEntry: ['we'],
  WorkloadGroup: ['wg'],
  PeerAuthentication: ['pa'],
  RequestAuthentication: ['ra'],
  AuthorizationPolicy: ['ap'],
  Telemetry: ['telemetry'],
};

/** All kinds, in the order of their table. */
export const customResources: readonly CustomResource[] = Object.entries(kinds).map(([name, { group }]) => {
  const kind = name as Kind;
  const versions = versionsOfKind[kind] ?? versionsOfGroup[group];
  if (versions === undefined) throw new Error(`expected versions of ${group}, found none`);
  return { kind, group, plural: pluralOf(kind), shortNames: shortNames[kind] ?? [], versions };
});

/** Whether somebody means a kind: by any of the names that kubectl takes. */
export function isMeant(name: string, { kind, plural, shortNames }: CustomResource): boolean {
  const meant = name.toLowerCase();
  return meant === kind.toLowerCase() || meant === plural || shortNames.includes(meant);
}

/** `virtualservices` for VirtualService. */
export function pluralOf(kind: Kind): string {
  return `${kind.toLowerCase()}s`.replace(/ys$/, (end) => (kind.endsWith('ay') ? end : 'ies'));
}
