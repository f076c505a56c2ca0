/** Who may use the API: whoever knows one of the tokens in a file. */
import { hash, timingSafeEqual } from 'node:crypto';
import { type Signature, sameSignature, signatureOf } from '../files/scan.ts';
import { readText } from '../files/text.ts';
import type { Log } from '../lib/log.ts';

/** Shorter ones can be guessed. */
const shortestToken = 16;

/**
 * A file with a token on each line, so that a new one can be handed out before the old one goes. It is looked at for each
 * request, and read again when it has changed. While it cannot be read, and while there is no token in it, nobody is let in:
 * whoever empties the file means it.
 */
export class TokenFile {
  readonly #path: string;
  readonly #log: Log;
  #signature: Signature | undefined;
  #hashes: readonly Buffer[] = [];
  #said = '';

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
    this.#read();
  }

  /** Whether an Authorization header has a token of the file. How long it takes tells nothing of the tokens. */
  accepts(authorization: string | undefined): boolean {
    if (!sameSignature(this.#signature, signatureOf(this.#path))) this.#read();
    const [, token] = /^bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
    if (token === undefined) return false;
    const given = hashOf(token);
    return this.#hashes.filter((known) => timingSafeEqual(known, given)).length > 0;
  }

  #read(): void {
    this.#signature = signatureOf(this.#path);
    const text = readText(this.#path);
    if (typeof text !== 'string') {
      this.#hashes = [];
      this.#say(text.message);
      return;
    }
    const lines = text.split(/\r?\n/).map((line) => line.trim());
    const tokens = lines.filter((line) => line.length >= shortestToken && !/\s/.test(line));
    const others = lines.filter((line) => line !== '').length - tokens.length;
    this.#hashes = tokens.map(hashOf);
    if (others > 0)
      this.#say(`expected tokens of at least ${shortestToken} characters, one on each line, found others`);
    else this.#say(tokens.length === 0 ? 'expected a token, found none' : '');
  }

  #say(fault: string): void {
    const nobody = this.#hashes.length === 0 ? '; nobody may use the API' : '';
    if (fault !== this.#said && fault !== '') this.#log.error(`the token file ${this.#path}: ${fault}${nobody}`);
    this.#said = fault;
  }
}

/** Of equal length whatever the token's, as the comparison wants it. */
function hashOf(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
