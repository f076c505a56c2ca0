/** What tags of an instance say: in catalogs such as Consul's and Nomad's they are a list of words that anybody may choose. */
import type { Labels } from '../../model/labels.ts';

/** Tags that say something of the service's port, and nothing of the instance. */
const ofPort = new Set(['istio-protocol', 'istio-port']);

/** `v1`, `v2.3`, `v1-beta`: what people tag a version with who have no key for it. */
const versionForm = /^v\d+([.-][\da-z]+)*$/i;

/**
 * Labels that tags stand for: `key=value` is a label, and the first tag that looks like a version (`v1`) is the label `version`
 * unless one is given by that key. Of two values of a key the first one counts. All other words are no labels.
 */
export function labelsOfTags(tags: readonly string[]): Labels {
  const labels: { [key: string]: string } = {};
  for (const [key, value] of tags.flatMap(pairOf)) if (!ofPort.has(key)) labels[key] ??= value;
  const version = tags.find((tag) => versionForm.test(tag));
  return version === undefined ? labels : { version, ...labels };
}

/** The value that a tag gives to a key; undefined when none does. */
export function valueOfTag(tags: readonly string[], key: string): string | undefined {
  return tags.flatMap(pairOf).find(([found]) => found === key)?.[1];
}

function pairOf(tag: string): readonly (readonly [key: string, value: string])[] {
  const at = tag.indexOf('=');
  return at < 1 ? [] : [[tag.slice(0, at), tag.slice(at + 1)]];
}
