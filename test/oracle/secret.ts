/** Secrets of gateways, all of them good. */
import fc from 'fast-check';
import { type Issued, issue } from '../support/certificates.ts';
import type { Draft } from './draft.ts';
import { createdAt, line, namespace } from './universe.ts';

/** The clock of the oracle stands at the beginning of time. */
const from = new Date(0);
const authority = issue({ name: 'Authority', isAuthority: true, from });
const fronts = ['1', '2'].map((name) => issue({ name, issuer: authority.signer, from }));

const encoded = (text: string) => Buffer.from(text).toString('base64');

function pair({ certificate, key }: Issued, more: { readonly [field: string]: string } = {}) {
  return { 'tls.crt': encoded(certificate), 'tls.key': encoded(key), ...more };
}

const authorities = encoded(authority.certificate);

const contents = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .constantFrom(...fronts.flatMap((front) => [pair(front), pair(front, { 'ca.crt': authorities })]))
      .map((data) => ({ name: 'one', data })),
  },
  { weight: 1, arbitrary: fc.constant({ name: 'one-cacert', data: { cacert: authorities } }) },
);

export const secret: fc.Arbitrary<Draft> = fc
  .record({ namespace, createdAt, line, contents })
  .map(({ contents: { name, data }, ...head }) => ({ ...head, name, group: '', kind: 'Secret', body: { data } }));

/** The names that a proxy asks for in any history, whether or not they are there. */
export const secretNames = ['kubernetes://one', 'kubernetes://one-cacert', 'kubernetes://missing'];
