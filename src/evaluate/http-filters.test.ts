import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { messageOf } from '../../test/support/envoy-messages.ts';
import { type RequestOptions, requestOf } from '../../test/support/http-request.ts';
import { decodeAny } from '../descriptors/decode.ts';
import { Route } from '../proto/envoy/config/route/v3/route_components.ts';
import { HttpConnectionManager } from '../proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts';
import { httpFilterEffects } from './http-filters.ts';

const types = { cors: 'cors.v3.CorsPolicy', fault: 'fault.v3.HTTPFault' };
const inOrder = messageOf(HttpConnectionManager, {
  httpFilters: [{ name: 'fault' }, { name: 'cors' }, { name: 'router' }],
});

/** What filters do, configured at a route and, with `host`, at its virtual host. */
function effects(configs: Configs, request: RequestOptions, host: Configs = {}, manager = inOrder) {
  const perFilter = [configs, host].map((one) => {
    const entries = Object.entries(one).map(([name, value]) => {
      const type = types[name as keyof typeof types];
      return [name, { '@type': `type.googleapis.com/envoy.extensions.filters.http.${type}`, ...value }];
    });
    return messageOf(Route, { typedPerFilterConfig: Object.fromEntries(entries) }).typedPerFilterConfig;
  });
  return httpFilterEffects(manager, perFilter, requestOf(request), decodeAny);
}

type Configs = { readonly [name in keyof typeof types]?: object };

function check(name: string, configs: Configs, request: RequestOptions, expected: unknown): void {
  it(name, () => {
    const { steps, ...rest } = effects(configs, request);
    assert.deepEqual({ ...rest, because: steps.map(({ because }) => because) }, expected);
  });
}

describe('a fault', () => {
  const half = { numerator: 500_000, denominator: 'MILLION' };
  check(
    'delays some requests',
    { fault: { delay: { fixedDelay: '1.5s', percentage: half } } },
    {},
    {
      fault: { delay: { ms: 1500, percent: 50 } },
      because: ['50 % are delayed by 1500 ms'],
    },
  );
  check(
    'answers some requests',
    { fault: { abort: { httpStatus: 500, percentage: half } } },
    {},
    {
      fault: { abort: { status: 500, isGrpc: false, percent: 50 } },
      because: ['50 % are answered with 500'],
    },
  );
  const all = { numerator: 100 };
  check(
    'answers all requests, and nothing comes after',
    {
      fault: { abort: { httpStatus: 503, percentage: all } },
      cors: {},
    },
    {},
    {
      fault: { abort: { status: 503, isGrpc: false, percent: 100 } },
      end: { kind: 'answered', status: 503, because: 'a fault is injected' },
      because: ['100 % are answered with 503'],
    },
  );
  check(
    'answers with a status of gRPC',
    { fault: { abort: { grpcStatus: 14, percentage: all } } },
    {},
    {
      fault: { abort: { status: 14, isGrpc: true, percent: 100 } },
      end: { kind: 'answered', status: 200, grpcStatus: 14, because: 'a fault is injected' },
      because: ['100 % are answered with 14'],
    },
  );
  const headers = [{ name: 'x-fault', presentMatch: true }];
  check(
    'is for requests with certain headers',
    { fault: { headers, delay: { fixedDelay: '1s', percentage: all } } },
    {},
    {
      because: [],
    },
  );
  check('is none without a delay or a status', { fault: {} }, {}, { because: [] });
});

describe('CORS', () => {
  const cors = { allowOriginStringMatch: [{ suffix: '.example.com' }] };
  const origin = 'https://a.example.com';
  const preflight = { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'GET' } };
  check(
    'allows an origin',
    { cors },
    { headers: { origin } },
    {
      cors: { origin, isAllowed: true },
      because: [`the origin ${origin} is allowed`],
    },
  );
  check(
    'does not allow another, and forwards its requests',
    { cors },
    { headers: { origin: 'https://b.org' } },
    {
      cors: { origin: 'https://b.org', isAllowed: false },
      because: ['the origin https://b.org is not allowed'],
    },
  );
  check(
    'has nothing to say to requests without origin',
    { cors },
    {},
    {
      cors: { isAllowed: false },
      because: ['the request has no origin'],
    },
  );
  const because = `the origin ${origin} is allowed, and the preflight is answered here`;
  check('answers a preflight', { cors }, preflight, {
    cors: { origin, isAllowed: true },
    end: { kind: 'answered', status: 200, because },
    because: [because],
  });
  const foreign = { ...preflight, headers: { ...preflight.headers, origin: 'https://b.org' } };
  check('forwards the preflight of another origin', { cors }, foreign, {
    cors: { origin: 'https://b.org', isAllowed: false },
    because: ['the origin https://b.org is not allowed'],
  });
  const refused = 'the origin https://b.org is not allowed, and the preflight is answered here';
  check(
    'answers it too where it is not to be forwarded',
    { cors: { ...cors, forwardNotMatchingPreflights: false } },
    foreign,
    {
      cors: { origin: 'https://b.org', isAllowed: false },
      end: { kind: 'answered', status: 200, because: refused },
      because: [refused],
    },
  );
  check(
    'may be switched off',
    { cors: { ...cors, filterEnabled: { defaultValue: { numerator: 0 } } } },
    { headers: { origin } },
    {
      because: [],
    },
  );
});

describe('the configuration of a filter', () => {
  const delay = (fixedDelay: string) => ({ fault: { delay: { fixedDelay, percentage: { numerator: 100 } } } });
  it('is that of the route before that of the virtual host', () => {
    assert.deepEqual(effects(delay('1s'), {}, delay('2s')).fault, { delay: { ms: 1000, percent: 100 } });
    assert.deepEqual(effects({}, {}, delay('2s')).fault, { delay: { ms: 2000, percent: 100 } });
  });
  it('is nothing without the filter, or with one that is disabled', () => {
    const without = messageOf(HttpConnectionManager, { httpFilters: [{ name: 'router' }] });
    const disabled = messageOf(HttpConnectionManager, { httpFilters: [{ name: 'fault', disabled: true }] });
    assert.deepEqual(
      [without, disabled].map((manager) => effects(delay('1s'), {}, {}, manager)),
      [{ steps: [] }, { steps: [] }],
    );
  });
});
