export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Reads what `formatAddress` writes, the host perhaps empty; undefined for anything else. */
export function readAddress(text: string): Address | undefined {
  const [, bracketed, plain = '', digits] = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  return digits === undefined || port > 65_535 ? undefined : { host: bracketed ?? plain, port };
}

/** `127.0.0.1:15010`, `[::1]:15010` */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
