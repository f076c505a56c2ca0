/** Knows the books; their numbers come from outside the mesh. */
import { call, type Incoming, serve } from './service.ts';

const titles = ['The Mesh and the Machine', 'A Sidecar Named Desire'];

serve(async (incoming: Incoming) => {
  const numbers = await call('http://isbn.example.com/numbers', incoming);
  return { status: 200, body: titles.map((title, i) => ({ title, isbn: (numbers.body as string[])[i] ?? 'unknown' })) };
});
