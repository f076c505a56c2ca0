import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { frameHead } from '../lib/grpc-frames.ts';
import { silent } from '../lib/log.ts';
import { DiscoveryRequest } from '../proto/envoy/service/discovery/v3/discovery.ts';
import { messageJson } from '../resource/json.ts';
import { secretType } from '../resource/types.ts';
import { status } from './call.ts';
import { sdsMethods } from './sds-service.ts';

interface Request {
  readonly names: readonly string[];
  readonly nonce?: string;
  readonly error?: string;
}

function encode({ names, nonce = '', error }: Request): Buffer {
  return Buffer.from(
    DiscoveryRequest.encode({
      resourceNames: [...names],
      typeUrl: secretType,
      responseNonce: nonce,
      ...(error === undefined ? {} : { errorDetail: { message: error } }),
    }).finish(),
  );
}

const path = '/envoy.service.secret.v3.SecretDiscoveryService/StreamSecrets';

/** What a stream is answered, a message each, and what the log says. */
function stream(
  requests: readonly Request[],
  { reads = true }: { readonly reads?: boolean } = {},
): { readonly answers: readonly unknown[]; readonly warnings: unknown[] } {
  const answers: unknown[] = [];
  const warnings: unknown[] = [];
  const log = {
    ...silent,
    warn: (message: string, { names }: { readonly names?: unknown } = {}) => warnings.push([message, names]),
  };
  const handler = sdsMethods({ log, controlPlane: 'fairway' }).get(path)?.({
    peer: '127.0.0.1:1',
    headers: {},
    send: (frame, written) => {
      answers.push(messageJson('envoy.service.discovery.v3.DiscoveryResponse', frame.subarray(frameHead)));
      if (reads) written();
    },
    end: (code) => answers.push(`ended with ${code}`),
  });
  for (const request of requests) handler?.message(encode(request));
  return { answers, warnings };
}

const answer = (nonce: string, resources: readonly object[]) => ({
  versionInfo: '1',
  typeUrl: secretType,
  nonce,
  controlPlane: { identifier: 'fairway' },
  resources: resources.map((resource) => ({ '@type': secretType, ...resource })),
});

const pair = {
  name: 'file-cert:/etc/c/tls.crt~/etc/c/tls.key',
  tlsCertificate: { certificateChain: { filename: '/etc/c/tls.crt' }, privateKey: { filename: '/etc/c/tls.key' } },
};
const root = { name: 'file-root:/etc/c/ca.crt', validationContext: { trustedCa: { filename: '/etc/c/ca.crt' } } };
const system = { name: 'file-root:system', validationContext: { systemRootCerts: {} } };
const refused = (name: string) => ({
  name,
  validationContext: { trustedCa: { inlineBytes: Buffer.from('no such secret').toString('base64') } },
});

describe('the secret discovery service', () => {
  function check(name: string, requests: readonly Request[], expected: ReturnType<typeof stream>): void {
    it(name, () => assert.deepEqual(stream(requests), expected));
  }

  check('says which files a certificate and its key are in', [{ names: [pair.name] }], {
    answers: [answer('1', [pair])],
    warnings: [],
  });
  check('says which file or machine knows authorities', [{ names: [root.name, system.name] }], {
    answers: [answer('1', [root, system])],
    warnings: [],
  });
  check(
    'answers once, and again when other names are asked for',
    [
      { names: [root.name] },
      { names: [root.name], nonce: '1' },
      { names: [root.name, system.name], nonce: '1' },
      { names: [system.name, root.name], nonce: '2' },
    ],
    { answers: [answer('1', [root]), answer('2', [root, system])], warnings: [] },
  );
  check(
    'gives what it does not know a form that every proxy refuses, so that nobody waits for it',
    [{ names: ['default'] }, { names: ['default'], nonce: '1', error: 'incomplete private key' }],
    { answers: [answer('1', [refused('default')])], warnings: [] },
  );
  check(
    'says when a proxy cannot use its own files',
    [{ names: [root.name] }, { names: [root.name], nonce: '1', error: 'Invalid path: /etc/c/ca.crt' }],
    { answers: [answer('1', [root])], warnings: [['a proxy cannot use certificates of its own', [root.name]]] },
  );

  it('ends the call of a proxy that asks again and does not read', () => {
    const { answers } = stream([{ names: [root.name] }, { names: [system.name] }], { reads: false });
    assert.deepEqual(answers, [answer('1', [root]), `ended with ${status.resourceExhausted}`]);
  });
});
