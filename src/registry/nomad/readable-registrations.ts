/** What can be read of the list of a service: one registration that cannot does not hide the others. */
import { decodeOr } from '../../lib/decode-or.ts';
import { type Registration, registrationIdSchema, registrationSchema } from './schema.ts';

export interface ReadableRegistrations {
  /** In the order of the list. What cannot be read, but tells which one it is, is as it was known. */
  readonly registrations: readonly Registration[];
  readonly unreadable: readonly Unreadable[];
}

export interface Unreadable {
  /** Its place in the list: `[2]`. */
  readonly path: string;
  /** What was expected and found. */
  readonly message: string;
}

export function readableRegistrations(
  values: readonly unknown[],
  known: readonly Registration[],
): ReadableRegistrations {
  const registrations: Registration[] = [];
  const unreadable: Unreadable[] = [];
  for (const [i, value] of values.entries()) {
    const found = decodeOr<Registration, string>(registrationSchema, value, (message) => message);
    if (typeof found !== 'string') {
      registrations.push(found);
      continue;
    }
    unreadable.push({ path: `[${i}]`, message: found });
    const id = decodeOr(registrationIdSchema, value, () => undefined)?.ID;
    registrations.push(...known.filter(({ ID }) => ID === id));
  }
  return { registrations, unreadable };
}
