/** How much flour is left. */
import { serve } from './service.ts';

serve(() => ({ sacks: 12 }));
