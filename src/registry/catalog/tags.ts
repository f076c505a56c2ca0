/** What tags of an instance say: in catalogs such as Consul's and Nomad's they are a list of words that anybody may choose. */
import type { Labels } from '../../model/labels.ts';

/** Tags that say something of the service's port, and nothing of the instance. */
const ofPort = new Set(['istio-protocol', 'istio-port']);

/** `v1`, `v2.3`, `v1-beta`: what people tag a version with who have no key for it. */
const versionForm = /^v\d+([.-][\da-z]+)*$/i;

/** A word that can be a label's key by itself, such as `primary`: no URL, no sentence. */
const wordForm = /^[\da-z]([\w.-]{0,61}[\da-z])?$/i;

/** What is longer than the metadata of catalogs may be is meant for somebody else, as rules of other proxies are. */
const mostCharacters = { key: 128, value: 512 };

/**
 * Labels that tags stand for: `key=value` is a label, and a word such as `primary` is the label `primary` of the value `true`. The first
 * tag that looks like a version (`v1`) is the label `version` too, unless one is given by that key. Of two values of a key the
 * first one counts.
 */
export function labelsOfTags(tags: readonly string[]): Labels {
  const labels = new Map<string, string>();
  for (const [key, value] of tags.flatMap(pairOf))
    if (!ofPort.has(key) && !labels.has(key) && isShort(key, value)) labels.set(key, value);
  const version = tags.find((tag) => versionForm.test(tag));
  if (version !== undefined && !labels.has('version')) labels.set('version', version);
  for (const tag of tags)
    if (wordForm.test(tag) && !labels.has(tag) && tag !== labels.get('version')) labels.set(tag, 'true');
  return Object.fromEntries(labels);
}

function isShort(key: string, value: string): boolean {
  return key.length <= mostCharacters.key && value.length <= mostCharacters.value;
}

/** The value that a tag gives to a key; undefined when none does. */
export function valueOfTag(tags: readonly string[], key: string): string | undefined {
  return tags.flatMap(pairOf).find(([found]) => found === key)?.[1];
}

function pairOf(tag: string): readonly (readonly [key: string, value: string])[] {
  const at = tag.indexOf('=');
  return at < 1 ? [] : [[tag.slice(0, at), tag.slice(at + 1)]];
}
