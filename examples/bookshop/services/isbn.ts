/** Stands for a service on the Internet. */
import { serve } from './service.ts';

serve(() => ({ status: 200, body: ['978-3-16-148410-0', '978-1-86197-876-9'] }));
