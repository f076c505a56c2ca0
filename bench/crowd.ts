/**
 * A crowd of sidecars in a process of its own, so that its work is not counted as the control plane's.
 *
 *      parent ── connect ──► all sidecars connect ── settled ──► parent
 *      parent ── watch ────► resources are searched for a marker ── seen by all ──► parent
 */
import { startSidecar } from './sidecar.ts';

export type Order =
  | { readonly kind: 'connect'; readonly address: string; readonly sidecars: number; readonly namespaces: number }
  | { readonly kind: 'watch'; readonly marker: string }
  | { readonly kind: 'stop' };

export type Report =
  | { readonly kind: 'settled'; readonly bytes: number; readonly atMs: number }
  | { readonly kind: 'armed' }
  /** When the first, the middle and the last sidecar had it, by the clock of the machine. */
  | {
      readonly kind: 'seen';
      readonly firstMs: number;
      readonly medianMs: number;
      readonly lastMs: number;
      readonly bytes: number;
    }
  | { readonly kind: 'failed'; readonly message: string };

const report = (message: Report) => process.send?.(message);
const now = () => performance.timeOrigin + performance.now();

let bytes = 0;
let marker: Buffer | undefined;
let seen = new Map<number, number>();
let sidecars = 0;

function observe(index: number, body: Uint8Array): void {
  bytes += body.length;
  if (marker === undefined || seen.has(index)) return;
  if (!Buffer.from(body.buffer, body.byteOffset, body.byteLength).includes(marker)) return;
  seen.set(index, now());
  if (seen.size < sidecars) return;
  const times = [...seen.values()].sort((a, b) => a - b);
  marker = undefined;
  report({
    kind: 'seen',
    firstMs: times[0] ?? 0,
    medianMs: times[times.length >> 1] ?? 0,
    lastMs: times[times.length - 1] ?? 0,
    bytes,
  });
}

process.on('message', (order: Order) => {
  switch (order.kind) {
    case 'connect': {
      sidecars = order.sidecars;
      let settled = 0;
      for (let index = 0; index < sidecars; index++)
        startSidecar({
          address: order.address,
          index,
          namespaces: order.namespaces,
          received: (body) => observe(index, body),
          settled: () => {
            settled += 1;
            if (settled === sidecars) report({ kind: 'settled', bytes, atMs: now() });
          },
          failed: (error) => report({ kind: 'failed', message: error.message }),
        });
      break;
    }
    case 'watch':
      marker = Buffer.from(order.marker);
      seen = new Map();
      bytes = 0;
      report({ kind: 'armed' });
      break;
    case 'stop':
      process.exit(0);
  }
});
