import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatLocality, type Locality, nowhere, parseLocality } from './locality.ts';

function check(name: string, text: string, locality: Locality, formatted = text): void {
  it(name, () =>
    assert.deepEqual({ locality: parseLocality(text), formatted: formatLocality(locality) }, { locality, formatted }),
  );
}

describe('a locality', () => {
  check('has three parts', 'eu/eu-1/rack-3', { region: 'eu', zone: 'eu-1', subzone: 'rack-3' });
  check('may lack its subzone', 'eu/eu-1', { region: 'eu', zone: 'eu-1', subzone: '' });
  check('may lack its zone', 'eu', { region: 'eu', zone: '', subzone: '' });
  check('may be nowhere', '', nowhere);
  check('is written without empty parts at its end', 'eu//', { region: 'eu', zone: '', subzone: '' }, 'eu');
  check('ends after its third part', 'a/b/c/d', { region: 'a', zone: 'b', subzone: 'c' }, 'a/b/c');
});
