/** An application that takes TLS off itself. */
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Issued } from '../../support/certificates.ts';

export interface TlsApplication {
  readonly port: number;
  close(): Promise<void>;
}

/** Answers every request with its name and that of the client's certificate; asks for one when it believes somebody. */
export async function startTlsApplication({
  address,
  name,
  presents,
  believes,
}: {
  readonly address: string;
  readonly name: string;
  readonly presents: Pick<Issued, 'certificate' | 'key'>;
  readonly believes?: string;
}): Promise<TlsApplication> {
  const asks = believes === undefined ? {} : { requestCert: true, rejectUnauthorized: true, ca: believes };
  const server = createServer({ cert: presents.certificate, key: presents.key, ...asks }, (request, response) => {
    const { subject } = (request.socket as TLSSocket).getPeerCertificate();
    response.end(subject === undefined ? name : `${name} for ${subject.CN}`);
  });
  // What comes without TLS, or with the wrong one, is what some tests are about.
  server.on('tlsClientError', () => {});
  server.listen(0, address);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
