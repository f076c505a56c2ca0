import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ServicePort } from '../../model/service.ts';
import { type PortStatement, servicePortOf } from './service-port.ts';

describe('the port of a service', () => {
  const check = (name: string, statements: readonly PortStatement[], expected: ServicePort) =>
    it(name, () => assert.deepEqual(servicePortOf(statements), expected));
  const plain = { name: 'default', protocol: 'auto' } as const;

  check('is the one that all instances share', [{ port: 8080 }, { port: 8080 }], { ...plain, number: 8080 });
  check('is 80 where instances have ports of their own', [{ port: 25_001 }, { port: 25_002 }], {
    ...plain,
    number: 80,
  });
  check('is 80 without instances', [], { ...plain, number: 80 });
  check('is 80 where no instance has one', [{ port: 0 }, { port: -1 }], { ...plain, number: 80 });
  check('leaves out what cannot be a port', [{ port: 8080 }, { port: 0 }], { ...plain, number: 8080 });
  check('is the one that instances ask for', [{ port: 8080, servicePort: '9000' }], { ...plain, number: 9000 });
  for (const servicePort of ['0', '70000', 'http', '', '80.5'])
    check(`is not ${JSON.stringify(servicePort)}`, [{ port: 8080, servicePort }], { ...plain, number: 8080 });
  check(
    'is what most instances say, and of equally many the first in order',
    [
      { port: 1, servicePort: '90', protocol: 'http' },
      { port: 2, servicePort: '80', protocol: 'grpc' },
      { port: 3, servicePort: '80', protocol: 'http' },
      { port: 4, servicePort: '90', protocol: 'grpc' },
    ],
    { number: 80, name: 'grpc', protocol: 'GRPC' },
  );
  check('speaks what instances name, in any case', [{ port: 80, protocol: 'HTTP2' }], {
    number: 80,
    name: 'http2',
    protocol: 'HTTP2',
  });
  check('speaks anything where they name what nobody knows', [{ port: 80, protocol: 'ssh' }], { ...plain, number: 80 });
});
