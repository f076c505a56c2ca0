import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { messageOf } from '../../test/support/envoy-messages.ts';
import { RouteConfiguration } from '../proto/envoy/config/route/v3/route.ts';
import { VirtualHost } from '../proto/envoy/config/route/v3/route_components.ts';
import { headerChanges } from './header-changes.ts';

const add = (key: string, value: string, more: object = {}) => ({ header: { key, value }, ...more });

describe('changes of headers', () => {
  it('come from the most specific level first, so that the least specific has the last word', () => {
    const host = messageOf(VirtualHost, { requestHeadersToAdd: [add('a', 'host')], requestHeadersToRemove: ['b'] });
    const routes = messageOf(RouteConfiguration, {
      responseHeadersToAdd: [add('c', '1')],
      requestHeadersToAdd: [add('a', 'all')],
    });
    assert.deepEqual(headerChanges([host, routes], routes), {
      request: [
        { action: 'remove', name: 'b' },
        { action: 'append', name: 'a', value: 'host' },
        { action: 'append', name: 'a', value: 'all' },
      ],
      response: [{ action: 'append', name: 'c', value: '1' }],
    });
  });

  it('come the other way round where the most specific level wins', () => {
    const host = messageOf(VirtualHost, { requestHeadersToAdd: [add('a', 'host')] });
    const routes = messageOf(RouteConfiguration, {
      requestHeadersToAdd: [add('a', 'all')],
      mostSpecificHeaderMutationsWins: true,
    });
    assert.deepEqual(
      headerChanges([host, routes], routes).request.map(({ value }) => value),
      ['all', 'host'],
    );
  });

  it('say what they do to a header that is there', () => {
    const host = messageOf(VirtualHost, {
      responseHeadersToAdd: [
        add('a', '1', { appendAction: 'ADD_IF_ABSENT' }),
        add('b', '2', { appendAction: 'OVERWRITE_IF_EXISTS_OR_ADD' }),
        add('c', '3', { appendAction: 'OVERWRITE_IF_EXISTS' }),
        add('d', '4', { append: false }),
      ],
      responseHeadersToRemove: ['e'],
    });
    assert.deepEqual(headerChanges([host], {}).response, [
      { action: 'remove', name: 'e' },
      { action: 'add if absent', name: 'a', value: '1' },
      { action: 'overwrite', name: 'b', value: '2' },
      { action: 'overwrite if present', name: 'c', value: '3' },
      { action: 'overwrite', name: 'd', value: '4' },
    ]);
  });
});
