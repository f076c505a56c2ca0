/**
 * How a server is reached: where it is, how it is known to be the right one, and who asks.
 *
 * Whoever asks may change while the process runs: tokens and certificates on disk are replaced, plugins hand out new
 * ones. So nobody keeps a credential; each request asks for the one of now.
 */

/** What a request brings along. */
export interface Credential {
  readonly token?: string;
  /** In PEM, with `key`. */
  readonly certificate?: string;
  readonly key?: string;
}

export interface Credentials {
  current(): Promise<Credential>;
  /** The server has refused what `current` yielded: the next call looks for something newer. */
  refused(): void;
}

/** How the server proves that it is the right one. */
export interface ServerTrust {
  /** Authorities in PEM; those of the system when absent. Read again with each new connection. */
  authorities(): Promise<string | undefined>;
  /** The name that the server's certificate must bear, when it is not the host's. */
  readonly serverName?: string;
  /** Any certificate will do: for tests alone, as kubeconfig's insecure-skip-tls-verify says. */
  readonly isUnverified: boolean;
}

export interface ServerAccess {
  /** `https://10.0.0.1:6443`, perhaps with a path. */
  readonly server: URL;
  readonly trust: ServerTrust;
  readonly credentials: Credentials;
}

/** What keeps a server from being reached at all, however often one tries: its access is stated wrongly. */
export class AccessError extends Error {
  override readonly name = 'AccessError';
}

/** The same answer for ever. */
export function fixedCredentials(credential: Credential): Credentials {
  return { current: async () => credential, refused() {} };
}
