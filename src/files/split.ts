/** One YAML document of a file. */
export interface DocumentText {
  readonly text: string;
  /** The line of the file at which `text` starts, from 1. */
  readonly line: number;
}

/**
 * Splits a file at its document markers, `---` and `...`. A line that starts with one of them is always a marker: block
 * scalars are indented and YAML forbids it inside other scalars (YAML 1.2.2, section 9.1.2), so that each document can be
 * parsed, and remembered, on its own. Documents of nothing but blank lines and comments are left out, and so are
 * directives (`%YAML 1.2`), which say nothing that an object of Kubernetes needs.
 */
export function splitDocuments(text: string): readonly DocumentText[] {
  const documents: DocumentText[] = [];
  let lines: string[] = [];
  let start = 1;
  let hasContent = false;
  const next = (line: number, first: readonly string[]) => {
    if (hasContent) documents.push({ text: `${lines.join('\n')}\n`, line: start });
    lines = [...first];
    start = line;
    hasContent = first.some(isContent);
  };
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    const marker = /^---(?:\s+(.*))?$/.exec(line);
    // Content may follow the marker on its line; the marker itself is blanked so that columns stay.
    if (marker !== null) next(i + 1, [`   ${marker[1] === undefined ? '' : ` ${marker[1]}`}`]);
    else if (/^\.\.\.(?:\s|$)/.test(line)) next(i + 1, ['']);
    else {
      const isDirective: boolean = !hasContent && line.startsWith('%');
      lines.push(isDirective ? '' : line);
      hasContent ||= !isDirective && isContent(line);
    }
  }
  next(0, []);
  return documents;
}

/** Neither blank nor a comment. */
function isContent(line: string): boolean {
  const text = line.trimStart();
  return text !== '' && !text.startsWith('#');
}
