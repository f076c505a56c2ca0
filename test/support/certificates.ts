/** Certificates made at test time: node:crypto can read and sign, and the little DER between is written here (X.690, RFC 5280). */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** What a certificate and its key are, as PEM. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
  /** To issue others with. */
  readonly signer: Signer;
}

export interface Signer {
  readonly name: string;
  readonly key: KeyObject;
}

export interface CertificateOptions {
  /** The common name. */
  readonly name: string;
  /** DNS names and IPv4 addresses. */
  readonly altNames?: readonly string[];
  /** Itself when absent. */
  readonly issuer?: Signer;
  readonly isAuthority?: boolean;
  readonly from?: Date;
  readonly until?: Date;
  /** A pair made with one of the functions below; a P-256 one when absent. */
  readonly keys?: KeyPair;
}

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export const elliptic = (namedCurve = 'P-256'): KeyPair => generateKeyPairSync('ec', { namedCurve });
export const rsa = (modulusLength: number): KeyPair => generateKeyPairSync('rsa', { modulusLength });
export const edwards = (): KeyPair => generateKeyPairSync('ed25519');

const days = (count: number) => new Date(Date.now() + count * 24 * 60 * 60 * 1000);

export function issue(options: CertificateOptions): Issued {
  const { name, altNames = [], isAuthority = false, from = days(-1), until = days(365), keys = elliptic() } = options;
  const own: Signer = { name, key: keys.privateKey };
  const issuer = options.issuer ?? own;
  const extensions = [
    ...(isAuthority ? [extension('2.5.29.19', sequence(der(0x01, Buffer.from([0xff]))))] : []),
    ...(altNames.length > 0 ? [extension('2.5.29.17', sequence(...altNames.map(altName)))] : []),
  ];
  const body = sequence(
    der(0xa0, integer(2)),
    integer(Math.floor(Math.random() * 2 ** 30) + 1),
    algorithm(issuer.key),
    distinguishedName(issuer.name),
    sequence(time(from), time(until)),
    distinguishedName(name),
    keys.publicKey.export({ type: 'spki', format: 'der' }),
    ...(extensions.length > 0 ? [der(0xa3, sequence(...extensions))] : []),
  );
  return {
    certificate: pem('CERTIFICATE', signed(body, issuer.key)),
    key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    signer: own,
  };
}

/** A list of nothing, signed by an authority. */
export function revocations({ name, key }: Signer): string {
  const body = sequence(algorithm(key), distinguishedName(name), time(days(-1)), time(days(30)));
  return pem('X509 CRL', signed(body, key));
}

function signed(body: Buffer, key: KeyObject): Buffer {
  const hash = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  return sequence(body, algorithm(key), der(0x03, Buffer.concat([Buffer.from([0]), sign(hash, body, key)])));
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return der(0x30, ...parts);
}

function integer(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32BE(value, 1);
  const first = bytes.findIndex((byte, i) => i === 4 || byte !== 0 || (bytes[i + 1] ?? 0) > 127);
  return der(0x02, bytes.subarray(first));
}

function objectIdentifier(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const base128 = (value: number): number[] => {
    const digits = [value & 0x7f];
    for (let left = value >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
    return digits;
  };
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function algorithm({ asymmetricKeyType }: KeyObject): Buffer {
  if (asymmetricKeyType === 'ed25519') return sequence(objectIdentifier('1.3.101.112'));
  if (asymmetricKeyType === 'ec') return sequence(objectIdentifier('1.2.840.10045.4.3.2'));
  return sequence(objectIdentifier('1.2.840.113549.1.1.11'), der(0x05));
}

function distinguishedName(commonName: string): Buffer {
  return sequence(der(0x31, sequence(objectIdentifier('2.5.4.3'), der(0x0c, Buffer.from(commonName)))));
}

/** A GeneralName (RFC 5280, 4.2.1.6): iPAddress or dNSName. */
function altName(text: string): Buffer {
  return isIPv4(text) ? der(0x87, Buffer.from(text.split('.').map(Number))) : der(0x82, Buffer.from(text));
}

/** UTCTime, which holds until 2049. */
function time(date: Date): Buffer {
  return der(
    0x17,
    Buffer.from(
      date
        .toISOString()
        .slice(2)
        .replace(/[-:T]|\.\d+/g, ''),
    ),
  );
}

function extension(identifier: string, value: Buffer): Buffer {
  return sequence(objectIdentifier(identifier), der(0x04, value));
}
