/** The project's own source text, for tests that hold it to its rules. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Every TypeScript file under src/ except generated ones, as a path from the project's root. */
export function sourceFiles(): readonly string[] {
  return globSync('src/**/*.ts', { cwd: root, exclude: (path) => path === 'src/proto' })
    .filter((path) => !path.startsWith('src/proto/'))
    .sort();
}

export function sourceText(path: string): string {
  return readFileSync(`${root}${path}`, 'utf8');
}

/** What a text imports, in whatever form: `import … from`, `export … from`, `import '…'`, `import('…')`, types included. */
export function importsIn(text: string): readonly string[] {
  return [...text.matchAll(/\b(?:from|import)\s*\(?\s*(['"])([^'"\n]+)\1/g)].map(([, , specifier = '']) => specifier);
}
