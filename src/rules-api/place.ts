/** Paths of the API, as Kubernetes has them: `/apis/<group>/<version>/namespaces/<namespace>/<plural>/<name>`. */
import { type CustomResource, customResources } from '../config/custom-resources.ts';

/** Objects of a kind: one, those of a namespace, or all. */
export interface Place {
  readonly resource: CustomResource;
  readonly version: string;
  /** All namespaces when absent. */
  readonly namespace?: string;
  /** All objects when absent. */
  readonly name?: string;
}

/** One object. */
export type ObjectPlace = Required<Place>;

export function isObjectPlace(place: Place): place is ObjectPlace {
  return place.namespace !== undefined && place.name !== undefined;
}

const one = '/apis/<group>/<version>/namespaces/<namespace>/<plural>/<name>';

/** A text says what is wrong with a path. */
export function placeOfPath(path: string): Place | string {
  const found = /^\/apis\/([^/]+)\/([^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?\/?$/.exec(path);
  if (found === null) return `expected a path such as ${one}, found another one`;
  const [, group, version = '', namespace, plural, name] = found;
  const resource = customResources.find((known) => known.group === group && known.plural === plural);
  if (resource === undefined)
    return `expected one of ${customResources.map((known) => `${known.group}/${known.versions[0]}/…/${known.plural}`).join(', ')}, found another group or kind`;
  if (!resource.versions.includes(version))
    return `expected ${resource.versions.join(' or ')} as version of ${resource.plural}, found another one`;
  if (name !== undefined && namespace === undefined)
    return `expected the namespace of an object in a path such as ${one}, found none`;
  if (namespace !== undefined && !isNamespace(namespace))
    return 'expected a namespace of at most 63 lower-case letters, digits and dashes, found another name';
  if (name !== undefined && !isObjectName(name))
    return 'expected a name of at most 253 lower-case letters, digits, dashes and dots, found another one';
  return {
    resource,
    version,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  };
}

export function pathOfPlace({ resource: { group, plural }, version, namespace, name }: ObjectPlace): string {
  return `/apis/${group}/${version}/namespaces/${namespace}/${plural}/${name}`;
}

/** Names as Kubernetes has them (RFC 1123), so that an object can move there. */
function isNamespace(text: string): boolean {
  return text.length <= 63 && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(text);
}

function isObjectName(text: string): boolean {
  return text.length <= 253 && text.split('.').every((part) => /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(part));
}
