import assert from 'node:assert/strict';
import { it } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { silent } from '../lib/log.ts';
import { TokenFile } from './token-file.ts';

const [old, young] = ['0123456789abcdef', 'fedcba9876543210'];

it('tokens of a file are those that it holds now', (test) => {
  const folder = tempFolder(test);
  const said: string[] = [];
  const tokens = new TokenFile(folder.at('token'), { ...silent, error: (message) => said.push(message) });
  const accepted = () =>
    [old, young, '', 'short'].filter((token) => tokens.accepts(`Bearer ${token}`)).join(' ') || 'nobody';
  const after = (text: string) => {
    folder.replace('token', text);
    return accepted();
  };
  assert.deepEqual(
    [
      accepted(),
      after(`${old}\n`),
      after(`${old}\r\n${young}\r\n`),
      after(`${young}\n\nshort\n`),
      after(''),
      after(young),
    ],
    ['nobody', old, `${old} ${young}`, young, 'nobody', young],
  );
  folder.remove('token');
  assert.equal(accepted(), 'nobody');
  const file = `the token file ${folder.at('token')}`;
  assert.deepEqual(said, [
    `${file}: expected a readable file, found nothing; nobody may use the API`,
    `${file}: expected tokens of at least 16 characters, one on each line, found others`,
    `${file}: expected a token, found none; nobody may use the API`,
    `${file}: expected a readable file, found nothing; nobody may use the API`,
  ]);
});

it('a token counts under its scheme alone', (test) => {
  const folder = tempFolder(test);
  folder.write('token', old);
  const tokens = new TokenFile(folder.at('token'), silent);
  const headers = [`Bearer ${old}`, `bearer  ${old}`, old, `Basic ${old}`, `Bearer ${old} x`, undefined];
  assert.deepEqual(
    headers.map((header) => tokens.accepts(header)),
    [true, true, false, false, false, false],
  );
});
