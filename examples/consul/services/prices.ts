/** What things cost, and which instance says so. */
import { serve } from './service.ts';

const { POD_NAME: by = 'nobody' } = process.env;

serve(() => ({ by, rye: 3.2, baguette: 1.8 }));
