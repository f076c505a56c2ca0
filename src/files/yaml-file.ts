/** A single YAML file that is read again whenever it changes. */
import { readFileSync } from 'node:fs';
import type { Problem } from '../model/problem.ts';
import { type Signature, sameSignature, signatureOf } from './scan.ts';
import { parseYaml, type YamlDocument } from './yaml.ts';

export interface YamlFileOptions {
  readonly path: string;
  /** Gets the document at once and after each change, unless it cannot be read. */
  readonly take: (document: YamlDocument) => void;
  /** Gets what is wrong with a file that cannot be read. */
  readonly problems: (problems: readonly Problem[]) => void;
  /** How often the file is looked at, in milliseconds. */
  readonly everyMs?: number;
}

/** Reads the file until `signal` aborts. What cannot be read leaves what was read before in force. */
export function followYamlFile({ path, take, problems, everyMs = 500 }: YamlFileOptions, signal: AbortSignal): void {
  let seen: Signature | undefined;
  let isFirst = true;
  const look = () => {
    const now = signatureOf(path);
    if (!isFirst && sameSignature(seen, now)) return;
    isFirst = false;
    seen = now;
    const problem = (code: Problem['code'], message: string, line?: number) =>
      problems([{ code, severity: 'error', path: '', message, file: path, ...(line === undefined ? {} : { line }) }]);
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      problem('FW0010', `expected a readable file, found ${(error as Error).message}`);
      return;
    }
    const document = parseYaml({ text, line: 1 });
    if ('code' in document) {
      problem(document.code, document.message, document.line);
      return;
    }
    take(document);
  };
  look();
  const timer = setInterval(look, everyMs);
  signal.addEventListener('abort', () => clearInterval(timer));
}
