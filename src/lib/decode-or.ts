import { formatPath, type Schema } from './schema.ts';

/** The checked value of what a machine wrote, or what `refuse` makes of the first thing that is wrong with it. */
export function decodeOr<T, R>(schema: Schema<T>, value: unknown, refuse: (message: string) => R): T | R {
  let wrong: string | undefined;
  const found = schema.decode(value, [], ({ path, message }) => {
    wrong ??= path.length === 0 ? message : `${formatPath(path)}: ${message}`;
  });
  if (wrong !== undefined || found === undefined) return refuse(wrong ?? 'expected an object, found nothing');
  return found;
}
