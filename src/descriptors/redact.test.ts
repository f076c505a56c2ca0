import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fromJson, type JsonValue, toJson } from '@bufbuild/protobuf';
import { redact } from './redact.ts';
import { envoyMessage, envoyRegistry } from './registry.ts';

const registry = envoyRegistry();
const tls = 'envoy.extensions.transport_sockets.tls.v3';
const hidden = Buffer.from('[redacted]').toString('base64');
const secret = Buffer.from('secret').toString('base64');

function check(name: string, type: string, before: JsonValue, after: JsonValue): void {
  it(name, () => {
    const schema = envoyMessage(type);
    const message = fromJson(schema, before, { registry });
    redact(schema, message);
    assert.deepEqual(toJson(schema, message, { registry }), after);
  });
}

describe('of a message nobody reads', () => {
  check(
    'a private key, whatever form it has',
    `${tls}.Secret`,
    {
      name: 'a',
      tlsCertificate: {
        certificateChain: { inlineBytes: secret },
        privateKey: { inlineBytes: secret },
        password: { inlineString: 'secret' },
        pkcs12: { filename: '/secret' },
      },
    },
    {
      name: 'a',
      tlsCertificate: {
        certificateChain: { inlineBytes: secret },
        privateKey: { inlineBytes: hidden },
        password: { inlineString: '[redacted]' },
        pkcs12: { filename: '[redacted]' },
      },
    },
  );
  check(
    'the items of a list',
    `${tls}.Secret`,
    { sessionTicketKeys: { keys: [{ inlineBytes: secret }, { inlineString: 'secret' }] } },
    { sessionTicketKeys: { keys: [{ inlineBytes: hidden }, { inlineString: '[redacted]' }] } },
  );
  check(
    'the values of a map, whose keys stay',
    `${tls}.GenericSecret`,
    { secret: { inlineString: 'secret' }, secrets: { a: { inlineString: 'secret' }, b: { inlineBytes: secret } } },
    {
      secret: { inlineString: '[redacted]' },
      secrets: { a: { inlineString: '[redacted]' }, b: { inlineBytes: hidden } },
    },
  );
  check(
    'texts of a map',
    'envoy.extensions.filters.http.ext_authz.v3.CheckSettings',
    { contextExtensions: { a: 'secret' } },
    { contextExtensions: { a: '[redacted]' } },
  );
  check(
    'a message in an Any that is marked: its texts, and other values not at all',
    `${tls}.PrivateKeyProvider`,
    {
      providerName: 'a',
      typedConfig: {
        '@type': 'type.googleapis.com/envoy.config.core.v3.SocketAddress',
        address: 'secret',
        portValue: 8080,
        protocol: 'UDP',
      },
    },
    {
      providerName: 'a',
      typedConfig: { '@type': 'type.googleapis.com/envoy.config.core.v3.SocketAddress', address: '[redacted]' },
    },
  );
  const context = (key: JsonValue) => ({
    '@type': `type.googleapis.com/${tls}.UpstreamTlsContext`,
    sni: 'a.test',
    commonTlsContext: { tlsCertificates: [{ privateKey: { inlineString: key } }] },
  });
  const cluster = (key: JsonValue) => ({ name: 'a', transportSocket: { name: 'tls', typedConfig: context(key) } });
  check('a key deep in an Any', 'envoy.config.cluster.v3.Cluster', cluster('secret'), cluster('[redacted]'));

  const typed = (value: JsonValue) => ({
    name: 'a',
    typedConfig: {
      '@type': 'type.googleapis.com/xds.type.v3.TypedStruct',
      typeUrl: `type.googleapis.com/${tls}.TlsCertificate`,
      value,
    },
  });
  check(
    'a key in a TypedStruct, in either spelling',
    'envoy.config.core.v3.TypedExtensionConfig',
    typed({ private_key: { inline_string: 'secret' }, certificateChain: { filename: '/chain' } }),
    typed({ certificateChain: { filename: '/chain' }, privateKey: { inlineString: '[redacted]' } }),
  );
  check(
    'every text of a TypedStruct that is none of its type',
    'envoy.config.core.v3.TypedExtensionConfig',
    typed({ private_key: 'secret', list: ['secret', 1] }),
    typed({ private_key: '[redacted]', list: ['[redacted]', null] }),
  );
});

describe('of a message everybody reads', () => {
  const route = {
    name: '80',
    virtualHosts: [{ name: 'a', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { timeout: '1s' } }] }],
    maxDirectResponseBodySizeBytes: 7,
  };
  check('what is not marked', 'envoy.config.route.v3.RouteConfiguration', route, route);
  const metadata = { filterMetadata: { istio: { config: '/apis/a', number: 1, list: [true, null] } } };
  check('metadata', 'envoy.config.core.v3.Metadata', metadata, metadata);
});
