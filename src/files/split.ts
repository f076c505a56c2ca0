/** One YAML document of a file. */
export interface DocumentText {
  readonly text: string;
  /** The line of the file at which `text` starts, from 1. */
  readonly line: number;
}

/**
 * Splits a file at its document markers. A line that starts with `---` is always a marker: block scalars are indented and
 * YAML forbids it inside other scalars (YAML 1.2.2, section 9.1.2), so that each document can be parsed, and remembered,
 * on its own. Documents of nothing but blank lines and comments are left out.
 */
export function splitDocuments(text: string): readonly DocumentText[] {
  const documents: DocumentText[] = [];
  let lines: string[] = [];
  let start = 1;
  const finish = () => {
    if (lines.some((line) => line.trim() !== '' && !line.trimStart().startsWith('#')))
      documents.push({ text: `${lines.join('\n')}\n`, line: start });
  };
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    const marker = /^---(?:\s+(.*))?$/.exec(line);
    if (marker === null) {
      lines.push(line);
    } else {
      finish();
      // Content may follow the marker on its line; the marker itself is blanked so that columns stay.
      lines = [`   ${marker[1] === undefined ? '' : ` ${marker[1]}`}`];
      start = i + 1;
    }
  }
  finish();
  return documents;
}
