import { fixedCredentials, type ServerAccess } from '../../src/lib/server-access.ts';

/** How a server is reached that asks for nothing, in plain HTTP. */
export function plainAccess(server: URL): ServerAccess {
  return {
    server,
    trust: { authorities: async () => undefined, isUnverified: false },
    credentials: fixedCredentials({}),
  };
}
