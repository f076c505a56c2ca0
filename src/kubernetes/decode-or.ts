import { formatPath, type Schema } from '../lib/schema.ts';

/** The checked value of what a machine wrote; `refuse` gets what is wrong first and must throw. */
export function decodeOr<T>(schema: Schema<T>, value: unknown, refuse: (message: string) => never): T {
  let wrong: string | undefined;
  const found = schema.decode(value, [], ({ path, message }) => {
    wrong ??= path.length === 0 ? message : `${formatPath(path)}: ${message}`;
  });
  if (wrong !== undefined || found === undefined) return refuse(wrong ?? 'expected an object, found nothing');
  return found;
}
