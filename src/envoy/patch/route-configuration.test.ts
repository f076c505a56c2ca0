import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesOf, effectLines, jsonOf, normal, patchesIn } from '../../../test/support/patches.ts';
import { addedHosts, patchConfiguration, patchHost } from './route-configuration.ts';
import { type RouteName, sidecarRouteName } from './route-match.ts';

const virtualHost = 'envoy.config.route.v3.VirtualHost';
const configuration = 'envoy.config.route.v3.RouteConfiguration';
const rule = (path: string) => ({ object: 'VirtualService/shop/a', path });

const before = `
name: a.test:80
domains: [a.test, b.test]
routes:
- {name: one, match: {prefix: /one}, route: {cluster: a}}
- {name: two, match: {prefix: /two}, redirect: {path_redirect: /}}
- {name: three, match: {prefix: /}, direct_response: {status: 404}}`;

interface Outcome {
  /** Undefined when the host is removed. */
  readonly after: string | undefined;
  readonly effects: readonly string[];
  /** Where each route comes from: the rule's routes 0 to 2, or a patch by its number. */
  readonly routes?: readonly string[];
}

function check(
  title: string,
  patches: string,
  { after, effects, routes }: Outcome,
  name = sidecarRouteName('80'),
): void {
  it(title, () => {
    const host = { name: 'a.test:80', bytes: bytesOf(virtualHost, before), routes: ['r0', 'r1', 'r2'].map(rule) };
    const patched = patchHost(name, host, patchesIn(patches));
    assert.deepEqual(
      patched.host && jsonOf(virtualHost, patched.host.bytes),
      after === undefined ? undefined : normal(virtualHost, after),
    );
    assert.deepEqual(effectLines(patched.effects), effects);
    assert.deepEqual(
      patched.host?.routes.map((origin) => origin?.path),
      after === undefined ? undefined : (routes ?? ['r0', 'r1', 'r2']),
    );
    assert.equal(patched.host === host, effects.length === 0);
  });
}

const header = 'request_headers_to_remove: [x]';

describe('a patch means a virtual host', () => {
  function checkMatch(title: string, match: string, isMeant: boolean, name?: RouteName): void {
    const patches = `
- applyTo: VIRTUAL_HOST
  match: {routeConfiguration: {${match}}}
  patch: {operation: MERGE, value: {${header}}}`;
    const outcome = isMeant ? { after: `${before}\n${header}`, effects: ['0'] } : { after: before, effects: [] };
    check(title, patches, outcome, name);
  }
  checkMatch('when it says nothing of routes', '', true);
  checkMatch('by the name of its configuration', "name: '80'", true);
  checkMatch('but not by another name', "name: '81'", false);
  checkMatch('by the port of its configuration', 'portNumber: 80', true);
  checkMatch('but not by another port', 'portNumber: 81', false);
  checkMatch(
    'but not by a port when its configuration is for one host',
    'portNumber: 80',
    false,
    sidecarRouteName('a:80'),
  );
  checkMatch('by its name', "vhost: {name: 'a.test:80'}", true);
  checkMatch('but not by the name of another', "vhost: {name: 'b.test:80'}", false);
  checkMatch('by one of its domains', 'vhost: {domainName: b.test}', true);
  checkMatch('but not by the domain of another', 'vhost: {domainName: c.test}', false);
  checkMatch('of a sidecar whatever is said of Gateways', 'gateway: shop/g, portName: https', true);

  const gateway: RouteName = {
    name: 'https.8443.https.g.shop',
    ports: [443, 444],
    server: { portName: 'https', gateway: 'shop/g' },
  };
  checkMatch('of a Gateway by any of its ports', 'portNumber: 444', true, gateway);
  checkMatch('of a Gateway but not by the port that the proxy listens on', 'portNumber: 8443', false, gateway);
  checkMatch('of a Gateway by that and its port’s name', 'gateway: shop/g, portName: https', true, gateway);
  checkMatch('of a Gateway but not by another', 'gateway: shop/h', false, gateway);
  checkMatch('of a Gateway but not by another port’s name', 'portName: http', false, gateway);
});

describe('a virtual host is patched', () => {
  check('away', '[{applyTo: VIRTUAL_HOST, patch: {operation: REMOVE}}]', { after: undefined, effects: ['0'] });
  check(
    'by another in its place, whose routes are patched further',
    `
- applyTo: VIRTUAL_HOST
  patch: {operation: REPLACE, value: {name: 'a.test:80', domains: [c.test], routes: [{name: own, match: {prefix: /}}]}}
- applyTo: HTTP_ROUTE
  match: {routeConfiguration: {vhost: {route: {name: own}}}}
  patch: {operation: MERGE, value: {direct_response: {status: 200}}}`,
    {
      after: `
name: a.test:80
domains: [c.test]
routes: [{name: own, match: {prefix: /}, direct_response: {status: 200}}]`,
      effects: ['0', '1'],
      routes: ['0'],
    },
  );
  check(
    'with headers for all of its responses',
    `
- applyTo: VIRTUAL_HOST
  patch: {operation: MERGE, value: {response_headers_to_add: [{header: {key: x, value: y}}]}}`,
    { after: `${before}\nresponse_headers_to_add: [{header: {key: x, value: y}}]`, effects: ['0'] },
  );
});

describe('the routes of a virtual host are patched', () => {
  const one = '- {name: one, match: {prefix: /one}, route: {cluster: a}}';
  const two = '- {name: two, match: {prefix: /two}, redirect: {path_redirect: /}}';
  const three = '- {name: three, match: {prefix: /}, direct_response: {status: 404}}';
  const extra = '- {name: x, match: {path: /x}, direct_response: {status: 200}}';
  const text = (...routes: readonly string[]) =>
    `name: a.test:80\ndomains: [a.test, b.test]\nroutes:\n${routes.join('\n')}`;
  const on = (
    match: string,
    operation: string,
    value = '{name: x, match: {path: /x}, direct_response: {status: 200}}',
  ) => `
- applyTo: HTTP_ROUTE
  match: {routeConfiguration: {vhost: {${match}}}}
  patch: {operation: ${operation}, value: ${value}}`;

  check('all of them when none is spoken of', on('', 'MERGE', '{stat_prefix: s}'), {
    after: text(...[one, two, three].map((route) => route.replace('}}', '}, stat_prefix: s}'))),
    effects: ['0'],
  });
  check('by name', on('route: {name: one}', 'MERGE', '{route: {timeout: 9s}}'), {
    after: text('- {name: one, match: {prefix: /one}, route: {cluster: a, timeout: 9s}}', two, three),
    effects: ['0'],
  });
  check('by what they do', on('route: {action: REDIRECT}', 'MERGE', '{stat_prefix: s}'), {
    after: text(one, two.replace('}}', '}, stat_prefix: s}'), three),
    effects: ['0'],
  });
  check('away', on('route: {action: DIRECT_RESPONSE}', 'REMOVE'), {
    after: text(one, two),
    effects: ['0'],
    routes: ['r0', 'r1'],
  });
  check('with one more at the end', on('', 'ADD'), {
    after: text(one, two, three, extra),
    effects: ['0'],
    routes: ['r0', 'r1', 'r2', '0'],
  });
  check('with one more before another', on('route: {name: two}', 'INSERT_BEFORE'), {
    after: text(one, extra, two, three),
    effects: ['0'],
    routes: ['r0', '0', 'r1', 'r2'],
  });
  check('with one more after another', on('route: {name: one}', 'INSERT_AFTER'), {
    after: text(one, extra, two, three),
    effects: ['0'],
    routes: ['r0', '0', 'r1', 'r2'],
  });
  check('with one more at the beginning', on('', 'INSERT_FIRST'), {
    after: text(extra, one, two, three),
    effects: ['0'],
    routes: ['0', 'r0', 'r1', 'r2'],
  });
  check('with one more at the beginning where another is', on('route: {name: three}', 'INSERT_FIRST'), {
    after: text(extra, one, two, three),
    effects: ['0'],
    routes: ['0', 'r0', 'r1', 'r2'],
  });
  check('not at the beginning where another is not', on('route: {name: four}', 'INSERT_FIRST'), {
    after: before,
    effects: [],
  });
});

describe('a route configuration is patched', () => {
  function checkConfiguration(title: string, patches: string, after: string, effects: readonly string[]): void {
    it(title, () => {
      const bytes = bytesOf(configuration, "name: '80'\nignore_port_in_host_matching: true");
      const patched = patchConfiguration(sidecarRouteName('80'), bytes, patchesIn(patches));
      assert.deepEqual(jsonOf(configuration, patched.bytes ?? new Uint8Array()), normal(configuration, after));
      assert.deepEqual(effectLines(patched.effects), effects);
    });
  }
  checkConfiguration(
    'in its own fields, one patch after the other',
    `
- applyTo: ROUTE_CONFIGURATION
  match: {routeConfiguration: {name: '80'}}
  patch: {operation: MERGE, value: {${header}}}
- {applyTo: ROUTE_CONFIGURATION, patch: {operation: MERGE, value: {request_headers_to_remove: [y]}}}
- applyTo: ROUTE_CONFIGURATION
  match: {routeConfiguration: {name: '81'}}
  patch: {operation: MERGE, value: {request_headers_to_remove: [z]}}`,
    "name: '80'\nignore_port_in_host_matching: true\nrequest_headers_to_remove: [x, y]",
    ['0', '1'],
  );
  checkConfiguration(
    'but keeps its name, by which it is asked for',
    `[{applyTo: ROUTE_CONFIGURATION, patch: {operation: MERGE, value: {name: x, ${header}}}}]`,
    `name: '80'\nignore_port_in_host_matching: true\n${header}`,
    ['0', '0: expected no other name for 80, found x'],
  );
});

describe('virtual hosts are added', () => {
  function checkAdded(title: string, patches: string, names: readonly string[], effects: readonly string[]): void {
    it(title, () => {
      const added = addedHosts(sidecarRouteName('80'), ['a.test', '*'], patchesIn(patches));
      assert.deepEqual(
        added.hosts.map(({ name }) => name),
        names,
      );
      assert.deepEqual(effectLines(added.effects), effects);
    });
  }
  const add = (value: string, match = '') => `
- applyTo: VIRTUAL_HOST
  match: {routeConfiguration: {${match}}}
  patch: {operation: ADD, value: ${value}}`;

  checkAdded(
    'to the configurations that are meant',
    add('{name: b, domains: [b.test]}', 'portNumber: 80'),
    ['b'],
    ['0'],
  );
  checkAdded('and not to others', add('{name: b, domains: [b.test]}', 'portNumber: 81'), [], []);
  checkAdded(
    'but not with a domain that another has',
    add('{name: b, domains: [b.test, A.test]}'),
    [],
    ['0: expected domains of its own for the virtual host b, found a.test, which another virtual host has'],
  );
  checkAdded(
    'but not twice with the same domain',
    add('{name: b, domains: [b.test]}') + add('{name: c, domains: [b.test]}'),
    ['b'],
    ['0', '1: expected domains of its own for the virtual host c, found b.test, which another virtual host has'],
  );
  checkAdded(
    'but not without domains',
    add('{name: b}'),
    [],
    ['0: expected domains of its own for the virtual host b, found none'],
  );

  it('with routes that come from the patch', () => {
    const { hosts } = addedHosts(
      sidecarRouteName('80'),
      [],
      patchesIn(add('{name: b, domains: [b.test], routes: [{match: {prefix: /}}]}')),
    );
    assert.deepEqual(hosts[0]?.routes, [{ object: 'EnvoyFilter/shop/a', path: '0' }]);
  });
});
