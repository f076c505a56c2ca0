/** A webhook that runs, and clients that speak TLS with it. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { connect, type TLSSocket } from 'node:tls';
import { createWebhook, type WebhookEvents, type WebhookOptions } from '../../../src/webhook/server.ts';
import { type Issued, issue } from '../../support/certificates.ts';
import { type TempFolder, tempFolder } from '../../support/temp-folder.ts';

export interface RunningWebhook {
  readonly port: number;
  readonly folder: TempFolder;
  /** What has been counted, in order. */
  readonly counted: readonly Counted[];
  readonly logged: readonly string[];
  /** Asks over a connection that is kept for the next question. */
  ask(body: string | Uint8Array, options?: RequestOptions): Promise<Answered>;
  /** A connection of one's own. */
  connect(): Promise<TLSSocket>;
  /** Puts another certificate in place. */
  present(pair: Pick<Issued, 'certificate' | 'key'>): void;
  close(): Promise<void>;
}

type Counted =
  | { readonly status: number }
  | { readonly injected: string }
  | Parameters<WebhookEvents['judged']>[0]
  | { readonly expiresMs: number };

interface Answered {
  readonly status: number | undefined;
  readonly allow: string | undefined;
  readonly body: string;
}

export const authority = issue({ name: 'Authority', isAuthority: true });
/** A certificate for this machine. */
export const certificateOf = (name: string) => issue({ name, altNames: ['localhost'], issuer: authority.signer });

const json = { 'content-type': 'application/json' };

const placeOf = (port: number) => ({
  host: '127.0.0.1',
  servername: 'localhost',
  port,
  ca: authority.certificate,
});

/** One question to a webhook on this machine. */
export async function ask(port: number, body: string | Uint8Array, options: RequestOptions = {}): Promise<Answered> {
  const asked = request({ ...placeOf(port), method: 'POST', path: '/validate', headers: json, ...options });
  asked.end(body);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return { status: response.statusCode, allow: response.headers.allow, body: await text(response) };
}

/** Runs until the test ends; without a certificate when none is given. */
export async function runWebhook(
  test: { after(cleanup: () => void | Promise<void>): void },
  options: {
    readonly pair?: Pick<Issued, 'certificate' | 'key'>;
    readonly patienceMs?: number;
    readonly port?: number;
    readonly injection?: WebhookOptions['injection'];
  } = {},
): Promise<RunningWebhook> {
  const folder = tempFolder(test);
  const present = ({ certificate, key }: Pick<Issued, 'certificate' | 'key'>) => {
    folder.replace('tls.crt', certificate);
    folder.replace('tls.key', key);
  };
  if (options.pair !== undefined) present(options.pair);
  const counted: Counted[] = [];
  const logged: string[] = [];
  const line = (level: string) => (message: string) => logged.push(`${level} ${message}`);
  const webhook = createWebhook({
    certPath: folder.at('tls.crt'),
    keyPath: folder.at('tls.key'),
    meshConfig: { namespace: 'istio-system', name: 'istio' },
    log: { error: line('error'), warn: line('warn'), info: line('info'), debug: line('debug') },
    events: {
      answered: (status) => counted.push({ status }),
      judged: (outcome) => counted.push(outcome),
      injected: (outcome) => counted.push({ injected: outcome }),
      presents: (expiresMs) => counted.push({ expiresMs }),
    },
    ...(options.injection === undefined ? {} : { injection: options.injection }),
    ...(options.patienceMs === undefined ? {} : { patienceMs: options.patienceMs }),
  });
  const { port } = await webhook.listen({ host: '127.0.0.1', port: options.port ?? 0 });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const close = async () => {
    agent.destroy();
    await webhook.close();
  };
  test.after(close);
  return {
    port,
    folder,
    counted,
    logged,
    present,
    close,
    ask: (body, more) => ask(port, body, { agent, ...more }),
    async connect() {
      const socket = connect(placeOf(port));
      test.after(() => {
        socket.destroy();
      });
      await once(socket, 'secureConnect');
      return socket;
    },
  };
}
