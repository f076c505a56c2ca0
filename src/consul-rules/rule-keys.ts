/** What Consul answers about keys, as text and bytes. https://developer.hashicorp.com/consul/api-docs/kv */
import { decodeOr } from '../lib/decode-or.ts';
import { list, object, string } from '../lib/schema.ts';

const answer = list(object({ Key: string, Value: string }, { required: ['Key'], isOpen: true }));

/**
 * Values by key, of the keys under a prefix that ends with a slash; a text says what was found instead of an answer. Keys
 * that end with a slash are folders of Consul's own pages and hold nothing.
 */
export function ruleKeysIn(body: unknown, prefix: string): ReadonlyMap<string, Buffer> | string {
  const entries = decodeOr(answer, body, (message) => message);
  if (typeof entries === 'string') return entries;
  const values = new Map<string, Buffer>();
  for (const { Key: key, Value: value = '' } of entries) {
    if (!key.startsWith(prefix)) return `expected keys under ${prefix}, found ${JSON.stringify(key)}`;
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(value)) return `expected the value of ${key} in base64, found something else`;
    if (!key.endsWith('/')) values.set(key, Buffer.from(value, 'base64'));
  }
  return values;
}
