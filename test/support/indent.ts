/**
 * A piece of YAML from a template string with all lines moved to a column, so that it can stand within a larger text:
 * the least indented line gets `spaces` spaces before it, the others stay relative to it.
 */
export function indent(text: string, spaces: number): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const least = Math.min(...lines.map((line) => line.length - line.trimStart().length));
  return lines.map((line) => `${' '.repeat(spaces)}${line.slice(least)}\n`).join('');
}
