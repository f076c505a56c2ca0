import { type IncomingHttpHeaders, request } from 'node:http';

/** An answer as it is on the wire: nothing is unpacked. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export function wireRequest(url: string, headers: { readonly [name: string]: string } = {}): Promise<WireAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const { statusCode = 0, headers: found } = response;
        resolve({ status: statusCode, headers: found, body: Buffer.concat(chunks) });
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}
