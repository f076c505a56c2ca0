/** A client that sends what bytes it is told to, over node:http2 or a bare socket: for what no gRPC library would send. */
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  type OutgoingHttpHeaders,
  type Settings,
} from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { DeltaDiscoveryRequest } from '../../../src/proto/envoy/service/discovery/v3/discovery.ts';
import { until } from '../../support/until.ts';
import { sidecarNode } from './ads-client.ts';

export const deltaPath = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources';

/** What starts a call, for those who spell it themselves. */
export const callHeaders = {
  ':method': 'POST',
  ':scheme': 'http',
  ':authority': 'x',
  ':path': deltaPath,
  'content-type': 'application/grpc',
} as const;

/** A message with the five bytes that gRPC puts before it. */
export function framed(message: Uint8Array, flag = 0): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flag);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** A framed first request of a sidecar. */
export function firstRequest(typeUrl: string, names: readonly string[]): Buffer {
  const message = { node: sidecarNode('web'), typeUrl, resourceNamesSubscribe: [...names] };
  return framed(DeltaDiscoveryRequest.encode(message).finish());
}

/** A session that is closed when the test ends; its errors are nobody's. */
export function http2Session(
  test: Pick<TestContext, 'after'>,
  port: number,
  settings: Settings = {},
): ClientHttp2Session {
  const session = connectHttp2(`http://127.0.0.1:${port}`, { settings });
  session.on('error', () => {});
  test.after(() => session.destroy());
  return session;
}

/** How a call has ended, as far as it has. */
export interface Outcome {
  readonly httpStatus: number | undefined;
  readonly grpcStatus: string | undefined;
  readonly message: string | undefined;
  /** What was received of messages, in bytes. */
  readonly received: number;
}

/** Opens a call and notes how it goes. */
export function openCall(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders = {},
): { readonly stream: ClientHttp2Stream; readonly outcome: () => Outcome; readonly ended: () => Promise<Outcome> } {
  const stream = session.request(
    { ':method': 'POST', ':path': deltaPath, 'content-type': 'application/grpc', te: 'trailers', ...headers },
    { endStream: false },
  );
  let head: Readonly<Record<string, unknown>> = {};
  let trailers: Readonly<Record<string, unknown>> = {};
  let received = 0;
  stream.on('error', () => {});
  stream.on('response', (found) => {
    head = found;
  });
  stream.on('trailers', (found) => {
    trailers = found;
  });
  stream.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  const text = (name: string) => {
    const value = trailers[name] ?? head[name];
    return value === undefined ? undefined : decodeURIComponent(String(value));
  };
  const outcome = () => ({
    httpStatus: head[':status'] as number | undefined,
    grpcStatus: text('grpc-status'),
    message: text('grpc-message'),
    received,
  });
  const ended = async () => {
    await until(() => stream.closed || stream.destroyed, { what: 'the end of a call' });
    return outcome();
  };
  return { stream, outcome, ended };
}

/** A bare connection that is cut when the test ends. */
export function tcpSocket(test: Pick<TestContext, 'after'>, port: number): Socket {
  const socket = connectTcp(port, '127.0.0.1').resume();
  socket.on('error', () => {});
  test.after(() => socket.destroy());
  return socket;
}

/** What starts every HTTP/2 connection, with settings that say nothing. */
export const preface = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), http2Frame(4, 0, 0)]);

/** A frame of HTTP/2 by its type and flags (RFC 9113, section 6). */
export function http2Frame(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

/** A header block in which every field is spelled out (RFC 7541, section 6.2.2). */
export function headerBlock(fields: Readonly<Record<string, string>>): Buffer {
  const spelled = (text: string) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
  return Buffer.concat(
    Object.entries(fields).map(([name, value]) => Buffer.concat([Buffer.from([0]), spelled(name), spelled(value)])),
  );
}
