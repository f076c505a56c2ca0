import { hash } from 'node:crypto';

/** A version string for some bytes or text: equal content, equal version, on every machine and in every run. */
export function contentVersion(content: Uint8Array | string): string {
  return hash('sha256', content, 'base64url').slice(0, 16);
}

/** An unsigned 32-bit number for a text, well spread and the same on every machine (FNV-1 over UTF-16 units). */
export function hash32(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h, 0x01000193);
    h ^= text.charCodeAt(i);
  }
  return h >>> 0;
}
