/** Every object of Istio's kinds that is written somewhere: in examples, in tests, in documents, in the reference's cases. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { istioKind, type Kind } from '../../src/config/kinds.ts';
import { parseDocumentText } from '../../src/files/parse.ts';
import { splitDocuments } from '../../src/files/split.ts';
import type { KubernetesObject } from '../../src/model/kubernetes-object.ts';
import { referenceFolder } from './reference-case.ts';

export interface WrittenObject {
  readonly kind: Kind;
  readonly object: KubernetesObject;
}

/** Those of the project's own YAML files. */
export function objectsOfProject(): readonly WrittenObject[] {
  return globSync('{examples,test}/**/*.yaml')
    .sort()
    .flatMap((file) => objectsOf(readFileSync(file, 'utf8'), file));
}

/** Those of the examples in documents, many of which are wrong on purpose. */
export function objectsOfDocuments(): readonly WrittenObject[] {
  return globSync('{*.md,docs/**/*.md}')
    .sort()
    .flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].flatMap(([, text = '']) =>
        objectsOf(text, file),
      ),
    );
}

/** Those of the reference's cases, where these are at hand. */
export function objectsOfReference(): readonly WrittenObject[] {
  if (!existsSync(referenceFolder)) return [];
  return globSync('**/istio.yaml', { cwd: referenceFolder })
    .sort()
    .flatMap((file) => objectsOf(readFileSync(`${referenceFolder}/${file}`, 'utf8'), file));
}

function objectsOf(text: string, file: string): readonly WrittenObject[] {
  return splitDocuments(text)
    .flatMap((document) => parseDocumentText(document, file).objects)
    .flatMap((object) => {
      const kind = istioKind(object);
      return kind === undefined ? [] : [{ kind, object }];
    });
}
