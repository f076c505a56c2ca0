/** Short questions over HTTP to processes of the same pod. */
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';

export interface Answer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined };
  readonly body: string;
}

export interface Question {
  readonly host: string;
  readonly port: number;
  /** The address to connect from; any when absent. */
  readonly from?: string;
  readonly path: string;
  readonly method?: 'GET' | 'POST';
  readonly headers?: { readonly [name: string]: string };
  /** As long as it takes when absent. */
  readonly timeoutMs?: number;
  /** Over TLS, whoever the certificate names: as the kubelet asks. */
  readonly isTls?: boolean;
  /** How many bytes of the answer are read; a longer one is cut. */
  readonly firstBytes?: number;
}

/** More than anybody has to say to a proxy. */
const mostBytes = 64 * 2 ** 20;

/** Rejected when nobody answers in time, or when the answer is larger than it may be. The body is what was packed by gzip. */
export function ask(question: Question): Promise<Answer> {
  const { host, port, path, method = 'GET', headers = {}, timeoutMs, isTls = false, firstBytes, from } = question;
  return new Promise((resolve, reject) => {
    const signal = timeoutMs === undefined ? new AbortController().signal : AbortSignal.timeout(timeoutMs);
    const request = isTls ? requestHttps : requestHttp;
    const more = {
      ...(isTls ? { rejectUnauthorized: false } : {}),
      ...(from === undefined ? {} : { localAddress: from }),
    };
    const outgoing = request({ host, port, path, method, headers, agent: false, signal, ...more }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const finish = () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).subarray(0, firstBytes).toString('utf8'),
        });
      // Some answer so without having been asked to.
      const isZipped = response.headers['content-encoding'] === 'gzip';
      const read = isZipped ? pipeline(response, createGunzip(), (error) => error && fail(error)) : response;
      read.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (firstBytes !== undefined && size >= firstBytes) {
          finish();
          outgoing.destroy();
        } else if (size > mostBytes) outgoing.destroy(new Error(`expected at most ${mostBytes} bytes, found more`));
      });
      read.on('error', fail);
      read.on('end', finish);
    });
    const fail = (error: Error) => reject(signal.aborted ? new Error(`no answer within ${timeoutMs} ms`) : error);
    outgoing.on('error', fail);
    outgoing.end();
  });
}
