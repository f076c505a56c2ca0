import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What set-up fetches and remembers; never committed, safe to delete. */
export const tools = join(root, '.tools');
