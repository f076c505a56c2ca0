/** Objects from YAML texts, read as the file source reads them. */
import assert from 'node:assert/strict';
import { parseDocumentText } from '../../src/files/parse.ts';
import { splitDocuments } from '../../src/files/split.ts';
import type { KubernetesObject, ObjectChange } from '../../src/model/kubernetes-object.ts';

/** The objects of a YAML text that has nothing wrong with it. */
export function objectsIn(yaml: string, file = 'test.yaml'): readonly KubernetesObject[] {
  return splitDocuments(yaml).flatMap((document) => {
    const { objects, problems } = parseDocumentText(document, file);
    assert.deepEqual(problems, []);
    return objects;
  });
}

/** The one object of a YAML text. */
export function objectIn(yaml: string, file?: string): KubernetesObject {
  const [object, ...more] = objectsIn(yaml, file);
  assert.ok(object !== undefined && more.length === 0, 'expected a text with one object');
  return object;
}

/** The objects of a YAML text as changes: new or different. */
export function changesIn(yaml: string): readonly ObjectChange[] {
  return objectsIn(yaml).map(changeOf);
}

/** An object that is new or different. */
export function changeOf(object: KubernetesObject): ObjectChange {
  return { ...removalOf(object), object };
}

/** The objects of a YAML text as changes: gone. */
export function removalsIn(yaml: string): readonly ObjectChange[] {
  return objectsIn(yaml).map(removalOf);
}

/** An object that is gone. */
export function removalOf({ group, kind, namespace, name }: KubernetesObject): ObjectChange {
  return { group, kind, namespace, name };
}
