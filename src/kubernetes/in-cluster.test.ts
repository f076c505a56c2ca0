import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { AccessError } from '../lib/server-access.ts';
import { inClusterAccess } from './in-cluster.ts';

describe('the cluster in whose pod a process runs', () => {
  for (const [host, url] of [
    ['10.96.0.1', 'https://10.96.0.1:6443/'],
    ['fd00::1', 'https://[fd00::1]:6443/'],
  ] as const)
    it(`is reached at ${host} with what Kubernetes has mounted`, async (test) => {
      const { path: folder } = tempFolder(test);
      writeFileSync(join(folder, 'token'), 'secret\n');
      writeFileSync(join(folder, 'ca.crt'), 'authority\n');
      const env = { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: '6443' };
      const { server, trust, credentials } = inClusterAccess({ env, folder });
      assert.deepEqual(
        [server.href, await trust.authorities(), trust.isUnverified, await credentials.current()],
        [url, 'authority', false, { token: 'secret' }],
      );
    });

  it('is not there outside a pod', () => {
    const message = 'expected to run in a pod, found no KUBERNETES_SERVICE_HOST in the environment';
    assert.throws(() => inClusterAccess({ env: {} }), new AccessError(message));
  });

  it('cannot be asked without the token of an account', (test) => {
    const { path: folder } = tempFolder(test);
    const env = { KUBERNETES_SERVICE_HOST: '10.96.0.1' };
    assert.throws(
      () => inClusterAccess({ env, folder }),
      /expected the token of a service account at .*token, found none/,
    );
  });
});
