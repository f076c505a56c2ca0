import { buffer } from 'node:stream/consumers';

/**
 * All that is piped in, once whoever writes it has ended. Not `readFileSync(0)`: commander looks at `process.stdin`, after
 * which a pipe does not wait but fails with EAGAIN while there is nothing in it yet. To be read once.
 */
export function standardInput(): Promise<Buffer> {
  return buffer(process.stdin);
}
