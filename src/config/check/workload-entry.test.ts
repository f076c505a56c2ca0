import { describe } from 'node:test';
import { neighbours } from '../../../test/support/neighbours.ts';

describe('a WorkloadEntry', () => {
  const check = neighbours('WorkloadEntry', (part) => part);
  check(
    'has an address',
    'address: a.example.com',
    'labels: {a: b}',
    'error FW0305 spec: expected an address, found none',
  );
  check(
    'has an address that can be',
    "address: '2001:db8::1'",
    'address: 10.0.0',
    'error FW0305 spec.address: expected an IP address, a DNS name or a unix:// path, found "10.0.0"',
  );
  check(
    'has the path of a socket',
    "address: 'unix://@abstract'",
    'address: unix://a\nports: {http: 1}',
    'error FW0305 spec.address: expected the absolute path of a socket, found "unix://a"',
    'error FW0305 spec.ports: expected none beside a unix:// path, found some',
  );
  check(
    'has ports',
    'address: 10.0.0.1\nports: {http: 65535}',
    'address: 10.0.0.1\nports: {http: 0, a_b: 1}',
    'error FW0305 spec.ports.http: expected a port from 1 to 65535, found 0',
    'error FW0305 spec.ports.a_b: expected a name of letters, digits and dashes, found "a_b"',
  );
  check(
    'has labels',
    'address: 10.0.0.1\nlabels: {a: ""}',
    'address: 10.0.0.1\nlabels: {a: b/c}',
    'error FW0016 spec.labels.a: expected the value of a Kubernetes label, found "b/c"',
  );
  check(
    'has a locality',
    'address: 10.0.0.1\nlocality: region/zone/subzone',
    'address: 10.0.0.1\nlocality: region//subzone',
    'warning FW0305 spec.locality: expected region, region/zone or region/zone/subzone, found "region//subzone"',
  );
});

describe('a WorkloadGroup', () => {
  const check = neighbours('WorkloadGroup', (part) => part);
  const probe = neighbours('WorkloadGroup', (part) => `template: {}\nprobe: {${part}}`);
  check('has a template', 'template: {}', 'metadata: {}', 'error FW0306 spec: expected template, found none');
  check(
    'has labels',
    'template: {}\nmetadata: {labels: {a: b}}',
    'template: {}\nmetadata: {labels: {"": b}}',
    'error FW0016 spec.metadata.labels[""]: expected the key of a Kubernetes label, found ""',
  );
  probe(
    'is probed one way',
    'tcpSocket: {port: 1}',
    'periodSeconds: 1',
    'error FW0306 spec.probe: expected one of httpGet, tcpSocket, exec and grpc, found none',
  );
  probe(
    'is probed at a port',
    'httpGet: {port: 80, scheme: HTTPS, httpHeaders: [{name: x, value: "y"}]}',
    'httpGet: {scheme: FTP, httpHeaders: [{value: "y"}]}',
    'error FW0306 spec.probe.httpGet.port: expected a port from 1 to 65535, found none',
    'error FW0306 spec.probe.httpGet.scheme: expected HTTP or HTTPS, found FTP',
    'error FW0306 spec.probe.httpGet.httpHeaders[0]: expected the name of a header, found ""',
  );
  probe(
    'is probed by a command',
    'exec: {command: [a]}, failureThreshold: 0',
    'exec: {}, failureThreshold: -1',
    'error FW0306 spec.probe.failureThreshold: expected 0 or more, found -1',
    'error FW0306 spec.probe.exec.command: expected a command, found none',
  );
});

describe('a ProxyConfig', () => {
  neighbours('ProxyConfig', (part) => part)(
    'runs any number of threads',
    'concurrency: 0',
    'concurrency: -1',
    'error FW0307 spec.concurrency: expected 0 or more, found -1',
  );
});
