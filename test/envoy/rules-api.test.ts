/** A route that is put over HTTP is in force in a real Envoy, and again after the control plane was killed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule, rules } from '../rules-api/support/api.ts';
import { serve } from '../rules-api/support/process.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { startHttpApplication } from './support/application.ts';
import { call, landing } from './support/call.ts';
import { untilReady } from './support/envoy.ts';
import { serviceOf } from './support/kubernetes.ts';
import { describeWithEnvoy } from './support/suite.ts';
import { takeTestBlock } from './support/test-blocks.ts';
import { portsOf, startProxy } from './support/test-proxy.ts';

describeWithEnvoy('a rule that is put over HTTP', (envoy) => {
  test('is in force in proxies, until it is deleted, whatever happens to the control plane', async (context) => {
    const block = await takeTestBlock();
    context.after(() => block.release());
    const ratings = await startHttpApplication({ name: 'ratings', address: block.at(10, 1), port: 8080 });
    context.after(() => ratings.close());
    const folder = tempFolder(context);
    const service = {
      name: 'ratings',
      namespace: 'shop',
      selector: {},
      ports: [{ name: 'http', port: 9080, targetPort: 8080 }],
    };
    folder.write('services.yaml', serviceOf({ ...service, endpoints: [{ pod: 'ratings', address: ratings.address }] }));
    folder.write('mesh.yaml', JSON.stringify(portsOf(block)));
    const args = ['--config', 'services.yaml', '--mesh-config', 'mesh.yaml'];
    const first = await serve(context, folder, args);
    const xds = { host: '127.0.0.1', port: first.xdsPort };
    const place = { program: envoy.path, folder: folder.path, block, xds };
    const proxy = startProxy({ name: 'client', namespace: 'shop' }, 1, place);
    context.after(() => proxy.envoy.stop());
    await untilReady(proxy.envoy);
    const lands = async () => landing(await call(proxy.httpProxy, { url: 'http://ratings:9080/' }));
    const untilLands = (what: string) =>
      until(async () => (await lands()) === what, { what: `calls to land at ${what}`, mostMs: 15_000 });
    await untilLands('ratings');
    assert.equal((await first.ask('PUT', `${rules}/ratings`, rule('ratings', 418))).status, 201);
    await untilLands('418');
    assert.equal((await first.ask('PUT', `${rules}/ratings`, rule('ratings', 4180))).status, 422);
    await first.end('SIGKILL');
    const again = await serve(context, folder, [...args, '--xds-address', `127.0.0.1:${xds.port}`]);
    assert.equal(await lands(), '418');
    await again.ask('PUT', `${rules}/ratings`, rule('ratings', 451));
    await untilLands('451');
    await again.ask('DELETE', `${rules}/ratings`);
    await untilLands('ratings');
    const rejected = [...(await proxy.envoy.stats('update_rejected'))].filter(([, count]) => count > 0);
    assert.deepEqual(rejected, []);
  });
});
