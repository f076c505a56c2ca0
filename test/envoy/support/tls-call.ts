/** Calls over TLS, as browsers and services outside the mesh make them to a gateway. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type Agent, request } from 'node:https';
import { connect, type SecureVersion, type TLSSocket } from 'node:tls';
import type { Issued } from '../../support/certificates.ts';
import { connectTo, type Entry, seenIn } from './call.ts';

export interface TlsCall {
  /** The name in the URL: both what is asked for in the handshake and the Host header. */
  readonly host: string;
  /** Whom the client believes, PEM; nobody else. */
  readonly believes: string;
  /** What the client presents when it is asked. */
  readonly presents?: Pick<Issued, 'certificate' | 'key'>;
  readonly agent?: Agent;
  /** The newest version that it speaks, such as `TLSv1.2`. */
  readonly maxVersion?: SecureVersion;
}

/** Where a request over TLS landed, such as `reviews`; or `refused` when there was no handshake that both sides accept. */
export async function callTls(entry: Entry, call: TlsCall): Promise<string> {
  const { host, port, preface } = entry;
  const { agent, ...handshake } = options(call);
  const connection = () => connect({ socket: connectTo(entry), ...handshake });
  const outgoing = request({
    host,
    port,
    path: '/',
    headers: { host: call.host },
    ...handshake,
    ...(preface === undefined ? { agent } : { createConnection: connection }),
  });
  outgoing.end();
  try {
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    let body = '';
    for await (const chunk of response) body += chunk;
    return response.statusCode === 200 ? (seenIn(body)?.app ?? body) : `${response.statusCode}`;
  } catch {
    return 'refused';
  }
}

/** Whose certificate a server presents; `refused` when there is no handshake that both sides accept. */
export async function presented({ host, port }: Entry, call: TlsCall): Promise<string> {
  const socket: TLSSocket = connect({ host, port, ...options(call) });
  try {
    await once(socket, 'secureConnect');
    return String(socket.getPeerCertificate().subject.CN);
  } catch {
    return 'refused';
  } finally {
    socket.destroy();
  }
}

function options({ host, believes, presents, agent, maxVersion }: TlsCall) {
  return {
    servername: host,
    ca: believes,
    agent: agent ?? false,
    timeout: 5000,
    ...(maxVersion === undefined ? {} : { maxVersion }),
    ...(presents === undefined ? {} : { cert: presents.certificate, key: presents.key }),
  };
}
