/**
 * The rule by which much that is gone at once is doubted, whatever the registry: more than half of what was known. Deployments
 * and failures of single machines take less; an emptied store, a lost permission or a folder that is not mounted take all.
 *
 * What is doubted stays in force until a second look agrees.
 */

/** Of fewer things than this, more than half is one or two: people remove those on purpose. */
export const leastKnown = 3;

/** How long a platform that could not be seen may take to be whole again, in milliseconds: agents register again within that. */
export const graceMs = 30_000;

/** Whether more than half is gone. */
export function isMostGone(known: number, gone: number): boolean {
  return gone * 2 > known;
}

/** The same where a few that are gone are believed without a second look. */
export function isMassDisappearance(known: number, gone: number): boolean {
  return known >= leastKnown && isMostGone(known, gone);
}
