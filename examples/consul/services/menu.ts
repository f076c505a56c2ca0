/** What is baked today: v2 tries something new. */
import { serve } from './service.ts';

const { VERSION: version = 'v1' } = process.env;

serve(() => ({ version, today: version === 'v1' ? ['rye', 'baguette'] : ['rye', 'baguette', 'cardamom buns'] }));
