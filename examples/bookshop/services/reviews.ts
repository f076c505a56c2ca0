/** Reviews in three versions: v1 without stars, v2 with stars from the ratings service, v3 with red ones. */
import { call, type Incoming, serve } from './service.ts';

const { VERSION: version = 'v1' } = process.env;

serve(async (incoming: Incoming) => {
  if (version === 'v1') return { status: 200, body: { version, text: 'A page-turner.' } };
  const ratings = await call('http://ratings:9080/ratings/0', incoming);
  const stars = ratings.status === 200 ? (ratings.body as { stars: number }).stars : undefined;
  return {
    status: 200,
    body: {
      version,
      text: 'A page-turner.',
      colour: version === 'v3' ? 'red' : 'black',
      stars: stars ?? 'ratings are not available',
    },
  };
});
