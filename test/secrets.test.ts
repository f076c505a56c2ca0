/** Which proxy may have which secret, from objects to resources; and that nobody else gets to see one. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resourceJson } from '../src/resource/json.ts';
import type { Resource } from '../src/resource/resource.ts';
import { secretType } from '../src/resource/types.ts';
import { issue } from './support/certificates.ts';
import { controlPlaneOf } from './support/control-plane.ts';
import { proxyOf } from './support/proxy.ts';
import { pairOf, secretOf } from './support/secret-object.ts';

const authority = issue({ name: 'Authority', isAuthority: true });
const front = issue({ name: 'front', issuer: authority.signer });

const pair = pairOf(front);

function gateway(tls: object, namespace = 'edge'): string {
  const servers = [{ port: { number: 443, name: 'https', protocol: 'HTTPS' }, hosts: ['shop.test'], tls }];
  return JSON.stringify({
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { name: 'front', namespace },
    spec: { selector: { app: 'ingress' }, servers },
  });
}

function rule(namespace: string, spec: object): string {
  return JSON.stringify({
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name: 'bank', namespace },
    spec: { host: 'bank.example', ...spec },
  });
}

const presents = { tls: { mode: 'MUTUAL', credentialName: 'front' } };

interface Asker {
  readonly type?: 'router' | 'sidecar';
  readonly namespace?: string;
  readonly labels?: { readonly [name: string]: string };
}

/** The resource that a proxy gets for a name. */
function ask(objects: readonly string[], name: string, asker: Asker = {}): Resource | undefined {
  const { type = 'router', namespace = 'edge', labels = { app: 'ingress' } } = asker;
  const plane = controlPlaneOf(objects.join('\n---\n'));
  const { scope } = plane.connect(proxyOf({ type, pod: 'proxy-1', namespace, labels }), () => {});
  const contents = plane.view(secretType, scope)?.contents;
  contents?.follow([name]);
  return contents?.get(name);
}

/** `certificate`, `authority` or `nothing`. */
function kindOf(resource: Resource | undefined): string {
  if (resource === undefined) return 'nothing';
  return 'tlsCertificate' in (resourceJson(resource) as object) ? 'certificate' : 'authority';
}

describe('a proxy that asks for a secret gets', () => {
  function check(name: string, objects: readonly string[], asked: string, expected: string, asker?: Asker): void {
    it(name, () => assert.equal(kindOf(ask(objects, asked, asker)), expected));
  }
  const simple = gateway({ mode: 'SIMPLE', credentialName: 'front' });
  const mutual = gateway({ mode: 'MUTUAL', credentialName: 'front' });

  check(
    'the certificate that its Gateway names',
    [simple, secretOf('front', pair)],
    'kubernetes://front',
    'certificate',
  );
  check('nothing where there is no such secret', [simple], 'kubernetes://front', 'nothing');
  check(
    'nothing where the key does not fit',
    [simple, secretOf('front', { ...pair, 'tls.key': authority.key })],
    'kubernetes://front',
    'nothing',
  );
  check(
    'the authorities that stand beside the certificate',
    [mutual, secretOf('front', { ...pair, 'ca.crt': authority.certificate })],
    'kubernetes://front-cacert',
    'authority',
  );
  check(
    'the authorities of a secret of their own before those beside the certificate',
    [
      mutual,
      secretOf('front', { ...pair, 'ca.crt': authority.certificate }),
      secretOf('front-cacert', { cacert: 'x' }),
    ],
    'kubernetes://front-cacert',
    'authority',
  );
  check(
    'no authorities where clients are not asked for certificates',
    [simple, secretOf('front', { ...pair, 'ca.crt': authority.certificate })],
    'kubernetes://front-cacert',
    'nothing',
  );
  check(
    'each of several certificates',
    [gateway({ mode: 'SIMPLE', credentialNames: ['rsa', 'front'] }), secretOf('front', pair)],
    'kubernetes://front',
    'certificate',
  );
  check('nothing that no rule names', [secretOf('front', pair)], 'kubernetes://front', 'nothing');
  check('nothing by a Gateway that is not for it', [simple, secretOf('front', pair)], 'kubernetes://front', 'nothing', {
    labels: { app: 'other' },
  });
  check(
    'nothing out of the namespace of the Gateway, only out of its own',
    [gateway({ mode: 'SIMPLE', credentialName: 'front' }, 'shop'), secretOf('front', pair, 'shop')],
    'kubernetes://front',
    'nothing',
  );
  check(
    'nothing out of another namespace that a Gateway names',
    [gateway({ mode: 'SIMPLE', credentialName: 'shop/front' }), secretOf('front', pair, 'shop')],
    'kubernetes://shop/front',
    'nothing',
  );
  check('nothing for a name of another form', [simple, secretOf('front', pair)], 'front', 'nothing');

  check(
    'what a DestinationRule presents for it',
    [rule('shop', { trafficPolicy: presents }), secretOf('front', pair)],
    'kubernetes://front',
    'certificate',
  );
  check(
    'the authorities of a DestinationRule',
    [rule('shop', { trafficPolicy: presents }), secretOf('front', { cacert: authority.certificate })],
    'kubernetes://front-cacert',
    'authority',
  );
  check(
    'nothing by a DestinationRule that is not shown to it',
    [rule('shop', { exportTo: ['.'], trafficPolicy: presents }), secretOf('front', pair)],
    'kubernetes://front',
    'nothing',
  );
  check(
    'nothing by a DestinationRule for all, when it is a sidecar',
    [rule('edge', { trafficPolicy: presents }), secretOf('front', pair)],
    'kubernetes://front',
    'nothing',
    { type: 'sidecar' },
  );
  check(
    'what a DestinationRule presents that selects it, when it is a sidecar',
    [
      rule('edge', { workloadSelector: { matchLabels: { app: 'ingress' } }, trafficPolicy: presents }),
      secretOf('front', pair),
    ],
    'kubernetes://front',
    'certificate',
    { type: 'sidecar' },
  );
  const open = `apiVersion: v1
kind: ConfigMap
metadata: { name: roots, namespace: shop }
data: { ca.crt: ${JSON.stringify(authority.certificate)} }`;
  const believes = rule('shop', {
    trafficPolicy: { tls: { mode: 'SIMPLE', credentialName: 'configmap://shop/roots' } },
  });
  check(
    'authorities that are kept in the open, out of any namespace that a rule names',
    [believes, open],
    'configmap://shop/roots-cacert',
    'authority',
    { type: 'sidecar', namespace: 'bank' },
  );
  check('not even these when no rule names them', [open], 'configmap://shop/roots-cacert', 'nothing');
  check(
    'nothing by a DestinationRule that selects others, when it is a sidecar',
    [
      rule('edge', { workloadSelector: { matchLabels: { app: 'batch' } }, trafficPolicy: presents }),
      secretOf('front', pair),
    ],
    'kubernetes://front',
    'nothing',
    { type: 'sidecar' },
  );
});

it('a secret as people see it has no key', () => {
  const objects = [gateway({ mode: 'SIMPLE', credentialName: 'front' }), secretOf('front', pair)];
  const resource = ask(objects, 'kubernetes://front');
  assert.deepEqual(resource === undefined ? undefined : resourceJson(resource), {
    '@type': secretType,
    name: 'kubernetes://front',
    tlsCertificate: {
      certificateChain: { inlineBytes: Buffer.from(front.certificate).toString('base64') },
      privateKey: { inlineBytes: Buffer.from('[redacted]').toString('base64') },
    },
  });
});
