import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { messageOf } from '../../test/support/envoy-messages.ts';
import { decodeAny } from '../descriptors/decode.ts';
import { FilterChain } from '../proto/envoy/config/listener/v3/listener_components.ts';
import type { Call, ClientHello } from './call.ts';
import { handshake } from './transport.ts';

const extensions = 'type.googleapis.com/envoy.extensions.transport_sockets';

/** A chain with a DownstreamTlsContext; undefined for one without. */
function chainWith(context: string | undefined): FilterChain {
  if (context === undefined) return {};
  const typedConfig = { '@type': `${extensions}.tls.v3.DownstreamTlsContext`, ...parse(context) };
  return messageOf(FilterChain, { transportSocket: { name: 'tls', typedConfig } });
}

/** What becomes of a handshake: the session, or the error and why. */
function check(name: string, context: string | undefined, tls: ClientHello | undefined, expected: unknown): void {
  it(name, () => {
    const call: Call = {
      destination: { ip: '10.0.0.1', port: 443 },
      ...(tls === undefined ? {} : { tls }),
      payload: { kind: 'bytes' },
    };
    const { found, end } = handshake(chainWith(context), call, decodeAny);
    assert.deepEqual(found ?? (end?.kind === 'refused' ? `${end.error}: ${end.because}` : end), expected);
  });
}

const hello: ClientHello = { sni: 'example.com', alpn: ['h2', 'http/1.1'] };
const own = 'commonTlsContext: { tlsCertificateSdsSecretConfigs: [{ name: own }] }';
const mesh = 'tlsCertificateSdsSecretConfigs: [{ name: default }]';
const strict = `
requireClientCertificate: true
commonTlsContext: { ${mesh}, combinedValidationContext: { validationContextSdsSecretConfig: { name: ROOTCA } } }`;
const mutual = `
requireClientCertificate: true
commonTlsContext: { tlsCertificateSdsSecretConfigs: [{ name: own }], validationContextSdsSecretConfig: { name: own-ca } }`;

describe('a chain without TLS', () => {
  check('passes plain text', undefined, undefined, { security: 'plain' });
  check('passes TLS on as it is', undefined, hello, { security: 'opaque' });
});

describe('a chain with TLS', () => {
  check('terminates it', own, hello, { security: 'tls' });
  check(
    'agrees on the protocol that the server prefers',
    'commonTlsContext: { alpnProtocols: [http/1.1, h2] }',
    hello,
    { security: 'tls', protocol: 'http/1.1' },
  );
  check('agrees on none without a common one', 'commonTlsContext: { alpnProtocols: [istio] }', hello, {
    security: 'tls',
  });
  check(
    'takes no plain text',
    own,
    undefined,
    'invalid TLS: the chain expects a TLS handshake, the client sends plain text',
  );
  check(
    'may require a server name',
    `{ requireSni: true, ${own} }`,
    { alpn: [] },
    'invalid TLS: the chain requires a server name',
  );
  check(
    'needs a certificate of the mesh for a client of the mesh',
    own,
    { ...hello, certificate: 'mesh' },
    "invalid mTLS: the client expects a certificate of the mesh, the chain's is another",
  );
});

describe('a chain that requires a client certificate', () => {
  check(
    'takes no client without one',
    strict,
    hello,
    'invalid mTLS: the chain requires a client certificate, the client shows none',
  );
  check(
    'takes clients of the mesh if it trusts the mesh',
    strict,
    { ...hello, certificate: 'mesh' },
    { security: 'tls' },
  );
  check(
    'takes no other clients then',
    strict,
    { ...hello, certificate: 'asked-for' },
    "invalid mTLS: the client's certificate is not of the authority that the chain trusts",
  );
  check('takes clients of its own authority', mutual, { ...hello, certificate: 'asked-for' }, { security: 'tls' });
});

it('another transport socket is not evaluated', () => {
  const typedConfig = { '@type': `${extensions}.starttls.v3.StartTlsConfig` };
  const chain = messageOf(FilterChain, { transportSocket: { name: 'starttls', typedConfig } });
  const { end } = handshake(
    chain,
    { destination: { ip: '10.0.0.1', port: 25 }, payload: { kind: 'bytes' } },
    decodeAny,
  );
  assert.deepEqual(end, {
    kind: 'undecided',
    because: 'the transport socket envoy.extensions.transport_sockets.starttls.v3.StartTlsConfig is not evaluated',
  });
});
