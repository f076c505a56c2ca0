/** One question of gRPC's health protocol, as the kubelet asks it: https://github.com/grpc/grpc/blob/master/doc/health-checking.md */
import { connect } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { formatAddress } from '../lib/address.ts';
import { frameHead, grpcFrame } from '../lib/grpc-frames.ts';

export interface HealthQuestion {
  readonly host: string;
  readonly port: number;
  /** The address to connect from; any when absent. */
  readonly from?: string;
  /** Empty for the server as a whole. */
  readonly service: string;
  readonly timeoutMs: number;
}

const serving = 1;
const statuses: readonly string[] = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
/** An answer is a single number. */
const longestAnswer = 1024;

/** Rejected unless the answer is SERVING. */
export function checkHealth({ host, port, from, service, timeoutMs }: HealthQuestion): Promise<void> {
  return new Promise((resolve, reject) => {
    const session = connect(`http://${formatAddress({ host, port })}`, {
      createConnection: () => connectTcp({ host, port, ...(from === undefined ? {} : { localAddress: from }) }),
    });
    const end = (error?: Error) => {
      clearTimeout(timer);
      session.destroy();
      if (error === undefined) resolve();
      else reject(error);
    };
    const timer = setTimeout(() => end(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    session.on('error', end);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    let status = '';
    let answer: Buffer = Buffer.alloc(0);
    const note = (headers: { readonly [name: string]: unknown }) => {
      if (headers['grpc-status'] !== undefined) status = String(headers['grpc-status']);
    };
    stream.on('response', note);
    stream.on('trailers', note);
    stream.on('error', end);
    stream.on('data', (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]);
      if (answer.length > longestAnswer) end(new Error(`expected at most ${longestAnswer} bytes, found more`));
    });
    stream.on('end', () => {
      const found = statusIn(answer);
      if (status !== '0') end(new Error(`expected the gRPC status 0, found ${status === '' ? 'none' : status}`));
      else end(found === serving ? undefined : new Error(`expected SERVING, found ${statuses[found] ?? found}`));
    });
    stream.end(questionOf(service));
  });
}

/** A frame with `HealthCheckRequest{service}`. */
function questionOf(service: string): Buffer {
  const name = Buffer.from(service);
  return grpcFrame(name.length === 0 ? [] : [Buffer.from([0x0a, ...varint(name.length)]), name]);
}

function varint(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

/** The status in a frame with `HealthCheckResponse`, whose only field it is; absent when it is UNKNOWN. */
function statusIn(frame: Buffer): number {
  return frame[frameHead] === 0x08 ? (frame[frameHead + 1] ?? 0) : 0;
}
