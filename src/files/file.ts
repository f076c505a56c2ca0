/** One watched file: its last good objects, and which of its documents have been parsed already. */
import { type KubernetesObject, objectKey } from '../model/kubernetes-object.ts';
import { type Problem, placeOf } from '../model/problem.ts';
import { type Parsed, parseDocumentText } from './parse.ts';
import { splitDocuments } from './split.ts';

/** What a file holds after a read. */
export interface FileContent {
  readonly objects: ReadonlyMap<string, KubernetesObject>;
  readonly problems: readonly Problem[];
  /** Some of it could not be read, so that an absent object may still be meant. */
  readonly isIncomplete: boolean;
}

export const nothing: FileContent = { objects: new Map(), problems: [], isIncomplete: false };

/** Reads the texts of a file one after the other; documents that have not changed are not parsed again. */
export class FileParser {
  readonly #file: string;
  #parsed = new Map<string, Parsed>();

  constructor(file: string) {
    this.#file = file;
  }

  parse(text: string): FileContent {
    const documents = splitDocuments(text);
    const parsed = new Map<string, Parsed>();
    const objects = new Map<string, KubernetesObject>();
    const problems: Problem[] = [];
    let isIncomplete = false;
    for (const document of documents) {
      const key = `${document.line}\n${document.text}`;
      const result = this.#parsed.get(key) ?? parseDocumentText(document, this.#file);
      parsed.set(key, result);
      // One by one: the problems of a broken List may be more than a call has arguments for.
      for (const problem of result.problems) problems.push(problem);
      isIncomplete ||= result.isIncomplete;
      for (const object of result.objects) {
        const id = objectKey(object);
        const earlier = objects.get(id);
        if (earlier === undefined) objects.set(id, object);
        else problems.push(duplicate(object, earlier));
      }
    }
    this.#parsed = parsed;
    // Whoever turns all of a file into comments means it; a file of nothing at all may be about to be written.
    if (documents.length === 0 && !/^\s*#/m.test(text)) {
      problems.push({
        code: 'FW0010',
        severity: 'warning',
        path: '',
        message:
          'expected objects, found an empty file; objects it held before stay until the file is filled or deleted',
        file: this.#file,
      });
      isIncomplete = true;
    }
    return { objects, problems, isIncomplete };
  }
}

/** Two objects of one name: the first in order of files and lines counts. */
export function duplicate(object: KubernetesObject, winner: KubernetesObject): Problem {
  return {
    code: 'FW0011',
    severity: 'warning',
    path: '',
    message: `expected one object of this name, found it at ${winner.origin.file}:${winner.origin.line} too, which is the one that counts`,
    ...placeOf(object.origin, object.origin.line),
  };
}
