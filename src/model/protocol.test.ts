import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isHttp, isHttp2, isTcp, isTls, kubernetesProtocol, type Protocol, parseProtocol } from './protocol.ts';

function check(name: string, cases: readonly (readonly [string, Protocol])[], read: (text: string) => Protocol): void {
  it(name, () =>
    assert.deepEqual(
      cases.map(([text]) => [text, read(text)]),
      cases,
    ),
  );
}

check(
  'a protocol is known by its name in any case',
  [
    ['HTTP', 'HTTP'],
    ['http2', 'HTTP2'],
    ['gRPC', 'GRPC'],
    ['GRPC-Web', 'GRPC-Web'],
    ['https', 'HTTPS'],
    ['TLS', 'TLS'],
    ['tcp', 'TCP'],
    ['MONGO', 'Mongo'],
    ['redis', 'Redis'],
    ['MySQL', 'MySQL'],
    ['udp', 'UDP'],
    ['', 'auto'],
    ['SCTP', 'auto'],
    ['constructor', 'auto'],
    ['__proto__', 'auto'],
  ],
  parseProtocol,
);

describe('a Kubernetes port', () => {
  const named = (name: string) => kubernetesProtocol({ number: 8080, name, transport: 'TCP' });
  check(
    'speaks what its name says up to the first dash',
    [
      ['http', 'HTTP'],
      ['http-admin', 'HTTP'],
      ['HTTP-admin', 'HTTP'],
      ['http2-api', 'HTTP2'],
      ['grpc-api', 'GRPC'],
      ['grpc-web', 'GRPC-Web'],
      ['grpc-web-api', 'GRPC-Web'],
      ['grpc-webx', 'GRPC'],
      ['tls-x-y', 'TLS'],
      ['admin-http', 'auto'],
      ['httpx', 'auto'],
      ['', 'auto'],
    ],
    named,
  );

  check(
    'speaks what its appProtocol says, whatever its name is',
    [
      ['https', 'HTTPS'],
      ['kubernetes.io/h2c', 'HTTP2'],
      ['kubernetes.io/ws', 'HTTP'],
      ['Kubernetes.io/WSS', 'HTTPS'],
      ['grpc-web', 'GRPC-Web'],
      ['example.com/own', 'auto'],
      ['constructor', 'auto'],
    ],
    (appProtocol) => kubernetesProtocol({ number: 80, name: 'tcp', transport: 'TCP', appProtocol }),
  );

  check(
    'that says nothing speaks TCP where the server would speak first',
    [
      ['25', 'TCP'],
      ['53', 'TCP'],
      ['3306', 'TCP'],
      ['27017', 'TCP'],
      ['5432', 'auto'],
    ],
    (number) => kubernetesProtocol({ number: Number(number), name: '', transport: 'TCP' }),
  );

  it('that says what it speaks is believed where the server would usually speak first', () => {
    assert.equal(kubernetesProtocol({ number: 3306, name: 'http', transport: 'TCP' }), 'HTTP');
  });

  it('over UDP speaks UDP, whatever else it says', () => {
    assert.equal(kubernetesProtocol({ number: 80, name: 'http', transport: 'UDP', appProtocol: 'http' }), 'UDP');
  });
});

it('protocols fall into classes', () => {
  const all = [
    'HTTP',
    'HTTP2',
    'GRPC',
    'GRPC-Web',
    'HTTPS',
    'TLS',
    'TCP',
    'Mongo',
    'Redis',
    'MySQL',
    'UDP',
    'auto',
  ] as const;
  const where = (belongs: (protocol: Protocol) => boolean) => all.filter(belongs);
  assert.deepEqual(
    { http: where(isHttp), http2: where(isHttp2), tls: where(isTls), tcp: where(isTcp) },
    {
      http: ['HTTP', 'HTTP2', 'GRPC', 'GRPC-Web'],
      http2: ['HTTP2', 'GRPC', 'GRPC-Web'],
      tls: ['HTTPS', 'TLS'],
      tcp: ['HTTPS', 'TLS', 'TCP', 'Mongo', 'Redis', 'MySQL'],
    },
  );
});
