/**
 * gRPC over node:http2, as far as xDS needs it: streams of messages in both directions, ended by a status. Messages go
 * out as they are, so that one buffer serves any number of streams.
 */
import { createServer, type Http2Server, type Http2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { Address } from '../lib/address.ts';
import { must } from '../lib/assert.ts';
import { type Cancel, type Clock, systemClock } from '../lib/clock.ts';
import { listen } from '../lib/listen.ts';
import type { Log } from '../lib/log.ts';
import { type OpenCall, type ServedCall, serveCall, status } from './call.ts';

export interface GrpcServerOptions {
  /** Handlers by path, such as `/package.Service/Method`. */
  readonly methods: ReadonlyMap<string, OpenCall>;
  readonly log: Log;
  readonly clock?: Clock;
  /** The largest request, in bytes: 4 MiB, as gRPC servers have it. */
  readonly requestLimit?: number;
  /** How often a peer is asked for a sign of life, in milliseconds. Half a minute outlasts no load balancer's patience. */
  readonly keepaliveMs?: number;
  /** It is given up when it gives none for this long. */
  readonly keepaliveTimeoutMs?: number;
  /** A call whose peer takes nothing of what it was sent for this long is given up: it holds changes that others have. */
  readonly stallMs?: number;
  /** A connection without a call for this long is closed. */
  readonly idleMs?: number;
}

export interface GrpcServer {
  listen(address: Address): Promise<Address>;
  /** Takes no new connections, tells peers to go elsewhere, ends calls, and closes what is left after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** One connection and what is known of it. */
interface Connection {
  readonly session: Http2Session;
  /** What the session runs on. The end of a session waits for its peer to hang up; that of a socket does not. */
  readonly socket: Socket;
  readonly calls: Set<ServedCall>;
  idleSince: number;
}

const mebibyte = 1024 * 1024;
const minute = 60_000;

export function createGrpcServer(options: GrpcServerOptions): GrpcServer {
  const { methods, log, clock = systemClock, requestLimit = 4 * mebibyte } = options;
  const connections = new Map<Http2Session, Connection>();
  const server: Http2Server = createServer({
    // Node counts queued output as the session's memory and refuses new streams above it; our own limits bound the queue.
    maxSessionMemory: 1024,
    settings: { maxConcurrentStreams: 1000, initialWindowSize: mebibyte },
  });
  const sockets = new Set<Socket>();
  let accepted: Socket | undefined;
  // Before the session of a socket is made.
  server.prependListener('connection', (socket: Socket) => {
    accepted = socket;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('session', (session) => {
    const socket = must(accepted, 'the socket of a session');
    const connection: Connection = { session, socket, calls: new Set(), idleSince: clock.now() };
    connections.set(session, connection);
    const cancel = watch(connection, options);
    session.on('close', () => {
      connections.delete(session);
      cancel();
    });
    session.on('error', (error) => log.debug('a connection failed', { error }));
  });
  server.on('sessionError', (error) => log.debug('a connection failed', { error }));
  server.on('stream', (stream, headers) => {
    const connection = stream.session === undefined ? undefined : connections.get(stream.session);
    const served = serveCall(stream, headers, { methods, log, requestLimit, now: () => clock.now() }, (call) => {
      connection?.calls.delete(call);
      if (connection?.calls.size === 0) connection.idleSince = clock.now();
    });
    if (served !== undefined) connection?.calls.add(served);
  });
  return {
    listen: (address) => listen(server, address, log),
    close: async (graceMs) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // Peers hear first that they must go elsewhere (GOAWAY), then that their calls are over.
      for (const session of connections.keys()) session.close();
      for (const { calls } of connections.values())
        for (const call of calls) call.end(status.unavailable, 'the control plane is shutting down');
      const cancel = clock.after(graceMs, () => {
        for (const socket of sockets) socket.destroy();
      });
      await closed;
      cancel();
    },
  };
}

/** Asks a peer for signs of life, and closes what is of no use any more. */
function watch(connection: Connection, options: GrpcServerOptions): Cancel {
  const { session, socket, calls } = connection;
  const { log, clock = systemClock } = options;
  const { keepaliveMs = minute / 2, keepaliveTimeoutMs = 10_000, stallMs = 5 * minute, idleMs = 5 * minute } = options;
  let cancelGivingUp: Cancel | undefined;
  const ping = () => {
    if (cancelGivingUp !== undefined) return;
    cancelGivingUp = clock.after(keepaliveTimeoutMs, () => socket.destroy());
    session.ping(() => {
      cancelGivingUp?.();
      cancelGivingUp = undefined;
    });
  };
  const look = () => {
    if (session.destroyed) return;
    const now = clock.now();
    for (const call of calls) {
      if (now - (call.stalledSince() ?? now) < stallMs) continue;
      log.warn('a call is given up, for its peer takes nothing', { stallMs });
      call.abandon();
    }
    if (calls.size === 0 && now - connection.idleSince >= idleMs) session.close();
    else ping();
    cancelLook = clock.after(keepaliveMs, look);
  };
  let cancelLook = clock.after(keepaliveMs, look);
  return () => {
    cancelLook();
    cancelGivingUp?.();
    if (!socket.destroyed)
      socket.once(
        'close',
        clock.after(keepaliveTimeoutMs, () => socket.destroy()),
      );
  };
}
