/** Open orders; whether they can be sent is known to an older system without a sidecar. */
import { call, type Incoming, serve } from './service.ts';

serve(async (incoming: Incoming) => {
  const stock = await call('http://stock:9080/stock', incoming);
  return { status: 200, body: { open: 2, stock: stock.body } };
});
