export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `127.0.0.1:15010`, `[::1]:15010` */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
