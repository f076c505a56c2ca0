/** What may stand in lists of what is intercepted. Nothing that means something in a line of iptables-restore gets through. */
import { isIP } from 'node:net';

/** A CIDR block such as `10.0.0.0/8`, or an address by itself; of no certain link. */
export function isBlock(text: string): boolean {
  const [address = '', length, ...rest] = text.split('/');
  const most = { 4: 32, 6: 128 }[isIP(address)];
  const isLength = length === undefined || /^\d{1,3}$/.test(length);
  return most !== undefined && rest.length === 0 && !address.includes('%') && isLength && Number(length ?? 0) <= most;
}

/** The name of a network interface such as `eth0`. */
export function isInterface(text: string): boolean {
  return /^[\w.@:+-]{1,15}$/.test(text);
}
