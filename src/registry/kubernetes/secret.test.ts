import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Issued, issue } from '../../../test/support/certificates.ts';
import { changesIn, removalsIn } from '../../../test/support/objects.ts';
import { formatProblem } from '../../model/problem.ts';
import type { Secret } from '../../model/secret.ts';
import { KubernetesRegistry } from './registry.ts';

const dayMs = 24 * 60 * 60 * 1000;
const start = Date.parse('2026-06-01T00:00:00Z');
const at = (days: number) => new Date(start + days * dayMs);

const authority = issue({ name: 'Authority', isAuthority: true, from: at(-1), until: at(900) });
const first = issue({ name: 'first', issuer: authority.signer, from: at(-1), until: at(60) });
const second = issue({ name: 'second', issuer: authority.signer, from: at(-1), until: at(600) });

const base64 = (text: string) => Buffer.from(text).toString('base64');

interface SecretText {
  readonly type?: string;
  readonly data?: { readonly [field: string]: string };
  readonly stringData?: { readonly [field: string]: string };
}

/** A Secret shop/front; values of `data` are encoded here. */
function text({ type, data = {}, stringData = {} }: SecretText): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'front', namespace: 'shop' },
    ...(type === undefined ? {} : { type }),
    data: Object.fromEntries(Object.entries(data).map(([field, value]) => [field, base64(value)])),
    stringData,
  });
}

const tls = ({ certificate, key }: Pick<Issued, 'certificate' | 'key'>, more: { [field: string]: string } = {}) =>
  text({ type: 'kubernetes.io/tls', data: { 'tls.crt': certificate, 'tls.key': key, ...more } });

/** A registry that has seen some versions of one Secret, and what it makes of the last one. */
class Seen {
  row: Secret | undefined;
  problems: readonly string[] = [];
  nowMs = start;
  readonly #registry = new KubernetesRegistry(
    {
      name: 'kubernetes',
      cluster: 'Kubernetes',
      domainSuffix: 'cluster.local',
      systemNamespace: 'istio-system',
      now: () => this.nowMs,
    },
    {
      apply: (changes) => {
        for (const change of changes) if (change.table === 'secret') this.row = change.row;
      },
      problems: (_, problems) => {
        this.problems = problems.map(formatProblem);
      },
    },
  );

  constructor(...versions: readonly string[]) {
    for (const version of versions) this.see(version);
  }

  see(version: string): void {
    this.#registry.apply(changesIn(version));
  }

  remove(version: string): void {
    this.#registry.apply(removalsIn(version));
  }

  recheck(): void {
    this.#registry.recheck();
  }

  /** What is in force: the names of what it presents and of whom it believes. */
  get holds(): { readonly presents: string | undefined; readonly believes: string | undefined } {
    const known = [first, second, authority];
    const nameOf = (pem: string | undefined) => known.find(({ certificate }) => certificate === pem)?.signer.name;
    return { presents: nameOf(this.row?.certificate?.chain), believes: nameOf(this.row?.authorities?.certificates) };
  }
}

describe('a Kubernetes Secret', () => {
  function check(name: string, version: string, holds: Seen['holds'], problems: readonly string[] = []): void {
    it(name, () => {
      const seen = new Seen(version);
      assert.deepEqual({ holds: seen.holds, problems: seen.problems }, { holds, problems });
    });
  }
  const nothing = { presents: undefined, believes: undefined };

  check('holds a certificate and its key', tls(first), { presents: 'first', believes: undefined });
  check('may hold authorities beside them', tls(first, { 'ca.crt': authority.certificate }), {
    presents: 'first',
    believes: 'Authority',
  });
  check(
    'may use the generic names',
    text({ data: { cert: first.certificate, key: first.key, cacert: authority.certificate } }),
    { presents: 'first', believes: 'Authority' },
  );
  check(
    'that has both sets of names means the generic ones',
    tls(first, { cert: second.certificate, key: second.key }),
    { presents: 'second', believes: undefined },
  );
  check('may hold authorities alone', text({ data: { cacert: authority.certificate } }), {
    presents: undefined,
    believes: 'Authority',
  });
  check('may be written as plain text', text({ stringData: { 'tls.crt': first.certificate, 'tls.key': first.key } }), {
    presents: 'first',
    believes: undefined,
  });
  check('about something else is passed over', text({ data: { password: 'secret' } }), nothing);
  check(
    'of a type that is never for proxies is passed over',
    text({ type: 'kubernetes.io/service-account-token', data: { 'ca.crt': 'none' } }),
    nothing,
  );
  check('whose key does not fit is named with its place', tls({ ...first, key: second.key }), nothing, [
    'test.yaml:1: Secret shop/front: data["tls.crt"]: expected the private key of the first certificate, found another key [FW0803]',
  ]);
  check('of the type for TLS must have a certificate', text({ type: 'kubernetes.io/tls' }), nothing, [
    'test.yaml:1: Secret shop/front: data["tls.crt"]: expected a certificate in PEM form, found none [FW0803]',
  ]);
  check('is judged part by part', tls(first, { 'ca.crt': 'nobody' }), { presents: 'first', believes: undefined }, [
    'test.yaml:1: Secret shop/front: data["ca.crt"]: expected certificates of authorities in PEM form, found none [FW0803]',
  ]);
  check(
    'that is not base64 is said so, without a word of what it holds',
    text({}).replace('"data":{}', `"data":{"tls.key":${JSON.stringify(first.key)}}`),
    nothing,
    [
      'test.yaml:1: Secret shop/front: data["tls.key"]: expected a text in base64, found something else; stringData takes texts as they are [FW0803]',
    ],
  );
  check(
    'with a value of another kind is said so, without a word of what it holds',
    text({}).replace('"data":{}', '"data":{"tls.key":4711}'),
    nothing,
    ['test.yaml:1: Secret shop/front: data["tls.key"]: expected a string, found something else [FW0004]'],
  );
});

describe('a ConfigMap', () => {
  const configMap = (data: { readonly [field: string]: unknown }) =>
    JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'front', namespace: 'shop' }, data });

  function check(name: string, version: string, holds: Seen['holds'], problems: readonly string[] = []): void {
    it(name, () => {
      const seen = new Seen(version);
      assert.deepEqual({ holds: seen.holds, problems: seen.problems }, { holds, problems });
    });
  }
  const nothing = { presents: undefined, believes: undefined };

  check('may hold authorities', configMap({ 'ca.crt': authority.certificate }), {
    presents: undefined,
    believes: 'Authority',
  });
  check(
    'never holds what a proxy presents',
    configMap({ 'tls.crt': first.certificate, 'tls.key': first.key }),
    nothing,
  );
  check('about something else is passed over', configMap({ retries: 3, motto: 'none' }), nothing);
  check('is judged as a Secret is', configMap({ cacert: 'nobody' }), nothing, [
    'test.yaml:1: ConfigMap shop/front: data.cacert: expected certificates of authorities in PEM form, found none [FW0803]',
  ]);
});

describe('the last good version of a Secret', () => {
  function check(name: string, versions: readonly string[], holds: Seen['holds']): void {
    it(name, () => assert.deepEqual(new Seen(...versions).holds, holds));
  }
  const both = tls(first, { 'ca.crt': authority.certificate });

  check('gives way to a better one', [tls(first), tls(second)], { presents: 'second', believes: undefined });
  check('outlives one whose key does not fit', [tls(first), tls({ ...second, key: first.key })], {
    presents: 'first',
    believes: undefined,
  });
  check('outlives one that cannot be read', [both, text({}).replace('"data":{}', '"data":{"tls.key":1}')], {
    presents: 'first',
    believes: 'Authority',
  });
  check('is kept for each part by itself', [both, tls(second, { 'ca.crt': 'nobody' })], {
    presents: 'second',
    believes: 'Authority',
  });
  check('goes where a part is left out on purpose', [both, tls(second)], {
    presents: 'second',
    believes: undefined,
  });

  it('goes when the Secret is deleted', () => {
    const seen = new Seen(tls(first));
    seen.remove(tls(first));
    assert.deepEqual([seen.row, seen.problems], [undefined, []]);
  });
});

it('a certificate that ages is spoken of in time, and stays in force when it has expired', () => {
  const seen = new Seen(tls(first));
  const said: unknown[] = [];
  for (const day of [20, 40, 61]) {
    seen.nowMs = at(day).getTime();
    seen.recheck();
    said.push([seen.holds.presents, seen.problems]);
  }
  const place = 'test.yaml:1: Secret shop/front: data["tls.crt"]: expected the certificate of CN=first to be';
  assert.deepEqual(said, [
    ['first', []],
    [
      'first',
      [`${place} renewed in time, found that it expires on Jul 31 00:00:00 2026 GMT, in less than 20 days [FW0804]`],
    ],
    ['first', [`${place} valid, found that it expired on Jul 31 00:00:00 2026 GMT [FW0804]`]],
  ]);
});
