/** What customers see: each part from the service that knows it, called by the three kinds of names that there are. */
import { ask, serve } from './service.ts';

serve(async () => {
  const [menu, prices, flour] = await Promise.all([
    // An instance in Consul, by the short name that it has in this namespace.
    ask('http://menu:9080/'),
    // Another one, by the name that it has in Consul.
    ask('http://prices.service.consul:9080/'),
    // A Service of Kubernetes, in another namespace.
    ask('http://flour.pantry:9080/'),
  ]);
  return { menu, prices, flour };
});
