/** The page that customers see: books, reviews and open orders, each from the service that knows. */
import { call, type Incoming, serve } from './service.ts';

serve(async (incoming: Incoming) => {
  const [books, reviews, orders] = await Promise.all([
    call('http://catalog:9080/books', incoming),
    call('http://reviews:9080/reviews/0', incoming),
    call('http://orders.fulfilment:9080/orders', incoming),
  ]);
  return { status: 200, body: { books: books.body, reviews: reviews.body, orders: orders.body } };
});
