/** From a file to its text, or to what is wrong with it. */
import { isUtf8 } from 'node:buffer';
import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import type { Problem } from '../model/problem.ts';

/** A MiB of YAML takes half a second to read, during which nothing else happens. */
const longestFile = 64 * 1024 * 1024;

/** The text of a file in UTF-8, without the mark some editors put before it. */
export function readText(path: string): string | Problem {
  let bytes: Buffer;
  try {
    const { size } = statSync(path);
    if (size > longestFile) return problem(path, 'FW0013', `expected a file of at most 64 MiB, found ${size} bytes`);
    bytes = readFileSync(path);
  } catch (error) {
    return problem(path, 'FW0010', `expected a readable file, found ${faultOf(error)}`);
  }
  return decodeText(bytes, path);
}

/** A text whose last line has no end may still be in the making; JSON is whole when its last bracket is there. */
export function endsItsLastLine(path: string): boolean {
  try {
    const file = openSync(path, 'r');
    try {
      const { size } = fstatSync(file);
      const tail = Buffer.alloc(Math.min(16, size));
      readSync(file, tail, 0, tail.length, size - tail.length);
      const text = tail.toString('latin1');
      return text.endsWith('\n') || (/\.json$/i.test(path) && /[}\]]\s*$/.test(text));
    } finally {
      closeSync(file);
    }
  } catch {
    // Reading all of it will tell what is wrong.
    return true;
  }
}

/** What is found where there is nothing. */
export const nowhere = 'nothing';

/** What stands in the way, in words: of an error that the file system gave. */
export function faultOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return nowhere;
    case 'EISDIR':
      return 'a folder';
    case 'EACCES':
    case 'EPERM':
      return 'one that this process may not read';
    case 'ELOOP':
      return 'a link that leads back to itself';
    default:
      return message;
  }
}

/** The text of bytes in UTF-8, without the mark some editors put before it; `path` is what problems call them. */
export function decodeText(bytes: Buffer, path: string): string | Problem {
  const text = new TextDecoder().decode(bytes);
  const control = bytes.findIndex((byte) => byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d);
  if (control < 0 && isUtf8(bytes)) return text;
  const [first = 0, second = 0] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    return problem(path, 'FW0001', 'expected text in UTF-8, found UTF-16', 1);
  if (control >= 0) {
    const code = (bytes[control] ?? 0).toString(16).padStart(2, '0');
    const line = lineAt(bytes.toString('latin1'), control);
    return problem(path, 'FW0001', `expected YAML, found the control character 0x${code}`, line);
  }
  return problem(path, 'FW0001', 'expected text in UTF-8, found other bytes', lineAt(text, text.indexOf('\ufffd')));
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

function problem(file: string, code: Problem['code'], message: string, line?: number): Problem {
  return { code, severity: 'error', path: '', message, file, ...(line === undefined ? {} : { line }) };
}
