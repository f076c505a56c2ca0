/** Stars for books. */
import { serve } from './service.ts';

serve(() => ({ status: 200, body: { stars: 5 } }));
