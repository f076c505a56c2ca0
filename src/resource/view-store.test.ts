import assert from 'node:assert/strict';
import { it } from 'node:test';
import { controlPlaneOf } from '../../test/support/control-plane.ts';
import { proxyOf } from '../../test/support/proxy.ts';
import type { Scope } from '../model/scope.ts';
import { clusterType, endpointType, routeType } from './types.ts';

const services = ['a', 'b'].map(
  (name) => `
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec:
  clusterIP: 10.0.0.1
  selector: { app: ${name} }
  ports: [{ name: http, port: 80 }]
`,
);

/** A control plane with the two services, and a way to connect a pod of one of them. */
function world() {
  const controlPlane = controlPlaneOf(services.join('---'));
  let connections = 0;
  const connect = (app: string) => {
    connections += 1;
    const proxy = { ip: `10.1.0.${connections}`, pod: `${app}-${connections}`, labels: { app } };
    return controlPlane.connect(proxyOf(proxy, connections), () => {});
  };
  return { controlPlane, connect };
}

it('replicas share their views', () => {
  const { controlPlane, connect } = world();
  const [one, other] = [connect('a').scope, connect('a').scope];
  assert.deepEqual(
    [clusterType, endpointType, routeType].map(
      (type) => controlPlane.view(type, one) === controlPlane.view(type, other),
    ),
    [true, true, true],
  );
});

it('proxies of different workloads share endpoints and routes, but not what they serve', () => {
  const { controlPlane, connect } = world();
  const [one, other] = [connect('a').scope, connect('b').scope];
  assert.deepEqual(
    [clusterType, endpointType, routeType].map(
      (type) => controlPlane.view(type, one) === controlPlane.view(type, other),
    ),
    [false, true, true],
  );
});

it('a type that is not served has no view', () => {
  const { controlPlane, connect } = world();
  assert.equal(
    controlPlane.view('type.googleapis.com/envoy.service.runtime.v3.Runtime', connect('a').scope),
    undefined,
  );
});

it('a view that nobody reads is closed at the next commit, whether or not it was ever read', () => {
  const { controlPlane, connect } = world();
  const open = (scope: Scope) => controlPlane.view(clusterType, scope);
  const { scope } = connect('a');
  const reader = { revision: 0, changed() {} };
  const read = open(scope);
  read?.attach(reader);
  open(connect('b').scope);
  controlPlane.commit();
  const sizes = [controlPlane.views.size];
  read?.detach(reader);
  controlPlane.commit();
  sizes.push(controlPlane.views.size);
  assert.deepEqual([...sizes, open(scope) === read], [1, 0, false]);
});
