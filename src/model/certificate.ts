/**
 * Whether an Envoy (or our own server) will take a certificate, a key or a list of authorities: what it refuses is better
 * found here, with a name and a place. The limits are Envoy's (source/common/tls/context_impl.cc, 1.40). Messages never
 * quote what they are about.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { Code } from './codes.ts';

/** Something that is wrong with a text. What is `refused` cannot be served. */
export interface Fault {
  readonly code: Code;
  readonly isRefused: boolean;
  readonly message: string;
}

/** How long before its end a certificate is spoken of. */
const noticeDays = 30;
const dayMs = 24 * 60 * 60 * 1000;

const pemBlock = /-----BEGIN ([A-Z0-9 ]+)-----[^-]+-----END \1-----/g;

function blocks(pem: string, label: string): readonly string[] {
  return [...pem.matchAll(pemBlock)].filter(([, found]) => found === label).map(([text]) => text);
}

function refused(message: string, code: Code = 'FW0803'): Fault {
  return { code, isRefused: true, message };
}

/** The faults of a chain of certificates and of the key of the first of them. */
export function pairFaults(chain: string, key: string, nowMs: number): readonly Fault[] {
  const certificates = readCertificates(chain);
  if (!Array.isArray(certificates)) return [certificates];
  const [leaf] = certificates;
  const privateKey = readKey(key);
  if (leaf === undefined) return [refused('expected a certificate in PEM form, found none')];
  if ('message' in privateKey) return [privateKey];
  const unusable = unusableKey(privateKey);
  if (unusable !== undefined) return [unusable];
  if (!leaf.checkPrivateKey(privateKey))
    return [
      refused(
        certificates.some((other) => other.checkPrivateKey(privateKey))
          ? 'expected the certificate of the private key first and those that vouch for it after it, found it later'
          : 'expected the private key of the first certificate, found another key',
      ),
    ];
  // Clients may well do without an old one among those that vouch: chains often carry several.
  return certificates.flatMap((certificate) =>
    dateFaults(certificate, nowMs).map((fault) => (certificate === leaf ? fault : { ...fault, isRefused: false })),
  );
}

/** The faults of a list of authorities and of what they have revoked. */
export function authorityFaults(authorities: string, revocations: string | undefined, nowMs: number): readonly Fault[] {
  const certificates = readCertificates(authorities);
  if (!Array.isArray(certificates)) return [certificates];
  if (certificates.length === 0) return [refused('expected certificates of authorities in PEM form, found none')];
  if (revocations !== undefined && !isRevocationList(revocations))
    return [refused('expected a certificate revocation list in PEM form, found something else')];
  const dates = certificates.map((certificate) => dateFaults(certificate, nowMs));
  // A list outlives some of its members: it can be used as long as one of them is valid.
  const isUsable = dates.some((faults) => !faults.some(({ isRefused }) => isRefused));
  return dates.flat().map((fault) => (isUsable ? { ...fault, isRefused: false } : fault));
}

/** When the first certificate of a chain expires, in milliseconds since the epoch; undefined when it cannot be read. */
export function expiryOf(chain: string): number | undefined {
  const certificates = readCertificates(chain);
  const [leaf] = Array.isArray(certificates) ? certificates : [];
  return leaf === undefined ? undefined : Date.parse(leaf.validTo);
}

function readCertificates(pem: string): X509Certificate[] | Fault {
  const certificates: X509Certificate[] = [];
  for (const [i, block] of blocks(pem, 'CERTIFICATE').entries()) {
    try {
      certificates.push(new X509Certificate(block));
    } catch {
      return refused(`expected certificates in PEM form, found that number ${i + 1} cannot be read`);
    }
  }
  return certificates;
}

function readKey(pem: string): KeyObject | Fault {
  if (/-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(pem))
    return refused('expected a private key without a passphrase, found an encrypted one');
  try {
    return createPrivateKey(pem);
  } catch {
    return refused('expected a private key in PEM form, found none that can be read');
  }
}

const curves = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

function unusableKey({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject): Fault | undefined {
  const { modulusLength = 0, namedCurve = '' } = asymmetricKeyDetails;
  if (asymmetricKeyType === 'rsa')
    return modulusLength >= 2048
      ? undefined
      : refused(`expected an RSA key of at least 2048 bits, found ${modulusLength}`);
  if (asymmetricKeyType === 'ed25519') return undefined;
  if (asymmetricKeyType === 'ec')
    return curves.has(namedCurve)
      ? undefined
      : refused(`expected an ECDSA key on P-256, P-384 or P-521, found ${namedCurve}`);
  return refused(`expected an RSA, ECDSA or Ed25519 key, found ${asymmetricKeyType}`);
}

function dateFaults({ subject, validFrom, validTo }: X509Certificate, nowMs: number): readonly Fault[] {
  const name = subject === undefined ? 'a certificate' : `the certificate of ${subject.split('\n').join(', ')}`;
  const leftDays = (Date.parse(validTo) - nowMs) / dayMs;
  const fault = (isRefused: boolean, message: string): Fault => ({ code: 'FW0804', isRefused, message });
  if (leftDays < 0) return [fault(true, `expected ${name} to be valid, found that it expired on ${validTo}`)];
  if (Date.parse(validFrom) > nowMs)
    return [fault(false, `expected ${name} to be valid, found that it is so only from ${validFrom}`)];
  if (leftDays > noticeDays) return [];
  const when = `${validTo}, in less than ${Math.ceil(leftDays)} days`;
  return [fault(false, `expected ${name} to be renewed in time, found that it expires on ${when}`)];
}

/** Node cannot read such lists; a label around DER is as far as the check goes. */
function isRevocationList(pem: string): boolean {
  const lists = blocks(pem, 'X509 CRL');
  const der = (text: string) => Buffer.from(text.split('\n').slice(1, -1).join(''), 'base64');
  return lists.length > 0 && lists.every((text) => der(text)[0] === 0x30);
}
