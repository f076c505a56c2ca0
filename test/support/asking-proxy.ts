/** A proxy that asks for some types, has been answered, and has said what it thinks of it. */
import type { TypeUrl } from '../../src/resource/types.ts';
import { AdsClient } from '../xds/support/ads-client.ts';

export interface AskingProxy {
  /** The port of xDS. */
  readonly port: number;
  /** `sidecar~10.1.0.1~reviews-1.shop~shop.svc.cluster.local` */
  readonly id: string;
  readonly metadata?: { readonly [key: string]: unknown };
  /** Names that are asked for, by type; none for all. */
  readonly subscriptions: { readonly [type: TypeUrl]: readonly string[] };
  /** The type whose response is rejected, with the words of the rejection. */
  readonly rejects?: { readonly type: TypeUrl; readonly message: string };
}

/** Connects; resolves when the server has heard the answer to each first response. */
export async function connectProxy(
  test: { after(cleanup: () => void): void },
  { port, id, metadata = {}, subscriptions, rejects }: AskingProxy,
): Promise<AdsClient> {
  const client = new AdsClient(`127.0.0.1:${port}`, 'sotw', { node: { id, metadata } });
  test.after(() => client.close());
  for (const [type, names] of Object.entries(subscriptions)) {
    client.subscribe(type, names);
    const response = await client.next();
    if (rejects?.type === type) client.nack(response, rejects.message, names);
    else client.ack(response, names);
  }
  await client.heard();
  return client;
}
