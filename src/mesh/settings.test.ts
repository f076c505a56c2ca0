import assert from 'node:assert/strict';
import { it } from 'node:test';
import { meshSettings } from './settings.ts';

function formatOf(accessLogFormat: string): unknown {
  return meshSettings({ accessLogFile: '/dev/stdout', accessLogEncoding: 'JSON', accessLogFormat }).accessLog?.format;
}

it('a format for JSON is an object', () => {
  assert.deepEqual(formatOf('{"path": "%PATH%"}'), { kind: 'json', fields: { path: '%PATH%' } });
});

// The check of the mesh configuration says of each of these that the default fields are logged.
for (const format of ['["%PATH%"]', '"%PATH%"', 'null', '%PATH%'])
  it(`the default fields are logged for the format ${format}`, () => {
    assert.deepEqual(formatOf(format), formatOf(''));
  });
