/** Secrets and ConfigMaps with certificates, under the names that rules speak of; all of them good. */
import fc from 'fast-check';
import { type Issued, issue } from '../support/certificates.ts';
import type { Draft } from '../support/draft.ts';
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
  { weight: 1, arbitrary: fc.constant({ name: 'secret', data: pair(fronts[0] as Issued) }) },
);

const head = { namespace, createdAt, line };

const secretObject = fc
  .record({ ...head, contents })
  .map(({ contents: { name, data }, ...rest }) => ({ ...rest, name, group: '', kind: 'Secret', body: { data } }));

const configMap = fc.record({ ...head, name: fc.constantFrom('one', 'one-cacert') }).map((rest) => ({
  ...rest,
  group: '',
  kind: 'ConfigMap',
  body: { data: { 'ca.crt': authority.certificate } },
}));

export const secret: fc.Arbitrary<Draft> = fc.oneof(
  { weight: 3, arbitrary: secretObject },
  { weight: 1, arbitrary: configMap },
);
