/** What is on the shelves. */
import { serve } from './service.ts';

serve(() => ({ status: 200, body: { copies: 40 } }));
