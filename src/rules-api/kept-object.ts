/** An object that was put, as it is kept: a text of JSON in a file of its own. */
import { customResources } from '../config/custom-resources.ts';
import { contentVersion } from '../lib/hash.ts';
import { isRecord } from '../lib/schema.ts';
import { textsIn } from '../lib/texts.ts';
import type { KubernetesObject } from '../model/kubernetes-object.ts';
import type { Stated } from './judge.ts';
import { isObjectPlace, type ObjectPlace, pathOfPlace, placeOfPath } from './place.ts';

export interface KeptObject {
  readonly place: ObjectPlace;
  /** From 1; one more with each change. */
  readonly generation: number;
  readonly created: string;
  readonly stated: Stated;
  /** As it stands in its file, and as GET shows it. */
  readonly text: string;
  /** Another one for each version, for If-Match. */
  readonly tag: string;
}

/** What origins and problems call the place of these objects. */
export const apiFile = 'api';

export function keptObject(
  place: ObjectPlace,
  { stated, generation, created }: Pick<KeptObject, 'stated' | 'generation' | 'created'>,
): KeptObject {
  const text = textOf({ stated, generation, created });
  return { place, generation, created, stated, text, tag: `"${generation}-${contentVersion(text)}"` };
}

export function textOf({ stated, generation, created }: Pick<KeptObject, 'stated' | 'generation' | 'created'>): string {
  const { apiVersion, kind, metadata, spec } = stated;
  const value = { apiVersion, kind, metadata: { ...metadata, creationTimestamp: created, generation }, spec };
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** What a file holds; a text says what else was found there. */
export function readKept(text: string): KeptObject | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'no JSON';
  }
  const place = placeIn(value);
  if (place === undefined || !isRecord(value) || !isRecord(value.metadata)) return 'something else';
  const { creationTimestamp: created, generation, labels, annotations } = value.metadata;
  if (typeof created !== 'string' || Number.isNaN(Date.parse(created))) return 'one without creationTimestamp';
  if (typeof generation !== 'number' || !Number.isSafeInteger(generation)) return 'one without generation';
  const { namespace, name, version, resource } = place;
  const metadata = {
    name,
    namespace,
    ...(labels === undefined ? {} : { labels: textsIn(labels) }),
    ...(annotations === undefined ? {} : { annotations: textsIn(annotations) }),
  };
  const stated = { apiVersion: `${resource.group}/${version}`, kind: resource.kind, metadata, spec: value.spec ?? {} };
  return keptObject(place, { stated, generation, created });
}

/** Which object a value says that it is; undefined when it says nothing that the API would take. */
function placeIn(value: unknown): ObjectPlace | undefined {
  if (!isRecord(value) || !isRecord(value.metadata)) return undefined;
  const { apiVersion, kind, metadata } = value;
  const [group = '', version = ''] = String(apiVersion).split('/');
  const resource = customResources.find((known) => known.group === group && known.kind === kind);
  if (resource === undefined) return undefined;
  const stated = { resource, version, namespace: String(metadata.namespace), name: String(metadata.name) };
  const place = placeOfPath(pathOfPlace(stated));
  return typeof place !== 'string' && isObjectPlace(place) ? place : undefined;
}

/** No longer than file systems allow, with room for what is written beside it. */
const longestName = 240;

/** `virtualservices.shop.reviews.json`: only names may hold dots, so that no two objects share one. */
export function fileNameOf({
  resource: { plural },
  namespace,
  name,
}: Pick<ObjectPlace, 'resource' | 'namespace' | 'name'>): string {
  const whole = `${plural}.${namespace}.${name}`;
  return whole.length <= longestName
    ? `${whole}.json`
    : `${whole.slice(0, longestName - 20)}~${contentVersion(whole)}.json`;
}

export function objectOf({ place, stated, created }: KeptObject): KubernetesObject {
  const { resource, version, namespace, name } = place;
  const { labels = {}, annotations = {} } = stated.metadata;
  const { group, kind } = resource;
  return {
    group,
    version,
    kind,
    namespace,
    name,
    createdAt: Date.parse(created),
    labels,
    annotations,
    value: { ...stated },
    origin: { kind, namespace, name, file: apiFile },
  };
}
