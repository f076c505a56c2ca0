/** Names that people may have meant. */
import { distance } from '../lib/distance.ts';

/** The known host that is written almost like another: the same but for a letter or two, or in another namespace. */
export function nearestName(host: string, known: readonly string[]): string | undefined {
  const [name = '', namespace] = host.split('.');
  const most = Math.max(1, Math.floor(name.length / 4));
  let best: { readonly host: string; readonly distance: number } | undefined;
  for (const other of known) {
    const [otherName = '', otherNamespace] = other.split('.');
    if (Math.abs(otherName.length - name.length) > most) continue;
    const away = distance(name, otherName) + (namespace === otherNamespace ? 0 : 0.5);
    if (away <= most && (best === undefined || away < best.distance)) best = { host: other, distance: away };
  }
  return best?.host;
}
