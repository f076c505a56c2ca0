/** Texts for people on the fields of a JSON schema, as `kubectl explain` shows them. */

type Json = { readonly [keyword: string]: unknown };

/** What fields are for, a sentence each, by path: `redirect` and, within it, `redirect.uri`. Lists and maps add nothing to a path. */
export interface FieldTexts {
  readonly [path: string]: string;
}

/** The schema with each text as the description of its field. A path that leads nowhere is a bug, and throws. */
export function withFieldTexts(schema: Json, texts: FieldTexts): Json {
  return Object.entries(texts).reduce(
    (described, [path, text]) => describeAt(described, path.split('.'), text),
    schema,
  );
}

function describeAt(schema: Json, [name, ...rest]: readonly string[], description: string): Json {
  // The text stands first, for those who read the schema.
  if (name === undefined) return { description, ...without(schema, 'description') };
  for (const inner of ['items', 'additionalProperties'] as const)
    if (inner in schema) return { ...schema, [inner]: describeAt(schema[inner] as Json, [name, ...rest], description) };
  const properties = schema.properties as { readonly [name: string]: Json } | undefined;
  const field = properties?.[name];
  if (field === undefined) throw new Error(`expected a field ${name} to describe, found none`);
  return { ...schema, properties: { ...properties, [name]: describeAt(field, rest, description) } };
}

function without({ ...schema }: { [keyword: string]: unknown }, keyword: string): Json {
  delete schema[keyword];
  return schema;
}
