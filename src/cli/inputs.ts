import { type Input, readInputs } from '../inspection.ts';
import { standardInput } from './standard-input.ts';

/** The texts of files and folders, after what is piped in where `-` is among the paths. Rejected with PathError where there is nothing. */
export async function inputsAt(paths: readonly string[]): Promise<readonly Input[]> {
  const piped = paths.includes('-') ? [{ file: 'stdin', text: (await standardInput()).toString() }] : [];
  return [...piped, ...readInputs(paths.filter((path) => path !== '-'))];
}
