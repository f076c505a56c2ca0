/** The rules for names, labels and addresses that all kinds share. They are Kubernetes' and Istio's. */
import { isIP } from 'node:net';

/** RFC 1123, in either case. */
const label = /^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/;
const firstLabel = /^(\*|(\*|\*-)?[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?)$/;
const longestLabel = 63;
const longestName = 255;

export function isDnsLabel(name: string): boolean {
  return name.length <= longestLabel && label.test(name);
}

/** Labels after one another; the last may be empty (a full stop at the end) but not a number: that would be an IP address. */
function areDnsLabels(text: string): boolean {
  const labels = text.split('.');
  const last = labels.at(-1) ?? '';
  if (/^\d+$/.test(last)) return false;
  return labels.every((part, i) => isDnsLabel(part) || (part === '' && i === labels.length - 1));
}

/** A full DNS name, or the short name of a service. */
export function isDnsName(name: string): boolean {
  return name.length > 0 && name.length <= longestName && areDnsLabels(name);
}

/** A DNS name whose first label may be or begin with `*`: `*`, `*.example.com`, `*-eu.example.com`. */
export function isWildcardDnsName(name: string): boolean {
  if (name.length === 0 || name.length > longestName) return false;
  const [first = '', ...others] = name.split('.');
  if (first.length > longestLabel || !firstLabel.test(first)) return false;
  return others.length === 0 || areDnsLabels(others.join('.'));
}

/** A wildcard that stands for part of a label: `*foo.example.com`. */
export function isPartialWildcard(name: string): boolean {
  return name.startsWith('*') && name !== '*' && !name.startsWith('*.');
}

/** `1.2.3.4/16` or a single address, of either family. */
export function isAddressOrBlock(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

/** What Linux has room for, without the zero at its end. */
const longestUnixPath = 107;

/** The path behind `unix://`: absolute and of a file, or the name of an abstract socket. */
export function isUnixPath(path: string): boolean {
  const isPath = path.startsWith('@') || (path.startsWith('/') && !path.endsWith('/'));
  return isPath && Buffer.byteLength(path) <= longestUnixPath;
}

const labelName = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** The key of a Kubernetes label: a name, with a DNS name and a slash before it or not. */
export function isLabelKey(key: string): boolean {
  const at = key.indexOf('/');
  const name = key.slice(at + 1);
  if (at === 0 || (at > 0 && !(at <= 253 && areDnsLabels(key.slice(0, at))))) return false;
  return name.length <= longestLabel && labelName.test(name);
}

export function isLabelValue(value: string): boolean {
  return value === '' || (value.length <= longestLabel && labelName.test(value));
}

/** Whether a text has line breaks or zeros, for which Envoy refuses it wherever it would stand in a header. */
export function breaksLines(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be in it
  return /[\u0000\n\r]/.test(text);
}

/** What Istio takes for the name of a header to match or to name in CORS: letters, digits, dashes and underscores. */
export function isHeaderName(name: string): boolean {
  return /^[-_A-Za-z0-9]+$/.test(name);
}
