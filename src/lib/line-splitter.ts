/** An API server's largest object is 3 MiB as it is sent; a line that grows past this is nothing that anybody reads. */
const longestLine = 32 * 1024 * 1024;
const newline = 0x0a;

/** From pieces of a stream to whole lines of text, whatever the pieces cut apart. */
export class LineSplitter {
  /** What has come of the line that is not whole yet. */
  #rest: Buffer[] = [];
  #restLength = 0;

  /** Takes a piece and yields the lines that it completes, without those that are empty. Throws on a line without end. */
  push(chunk: Buffer): readonly string[] {
    const lines: string[] = [];
    let from = 0;
    for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, from)) {
      const end = chunk.subarray(from, at);
      const line = this.#restLength === 0 ? end : Buffer.concat([...this.#rest, end]);
      this.#rest = [];
      this.#restLength = 0;
      if (line.length > 0) lines.push(line.toString('utf8'));
      from = at + 1;
    }
    if (from < chunk.length) {
      this.#rest.push(chunk.subarray(from));
      this.#restLength += chunk.length - from;
      if (this.#restLength > longestLine)
        throw new Error(`expected a line, found more than ${longestLine / 1024 / 1024} MiB without an end`);
    }
    return lines;
  }
}
