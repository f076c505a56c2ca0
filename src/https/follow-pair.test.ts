import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type Issued, issue } from '../../test/support/certificates.ts';
import { type FakeClock, fakeClock } from '../../test/support/fake-clock.ts';
import { type TempFolder, tempFolder } from '../../test/support/temp-folder.ts';
import type { Log } from '../lib/log.ts';
import { followPair } from './follow-pair.ts';

const hour = 60 * 60 * 1000;
const day = 24 * hour;
const start = Date.parse('2026-06-01T00:00:00Z');
const made = (name: string, days = 90) =>
  issue({ name, from: new Date(start - day), until: new Date(start + days * day) });
const [first, second] = [made('first'), made('second')];

/** Files that are followed, what has been taken of them, and what has been said. */
class Followed {
  readonly folder: TempFolder;
  readonly clock: FakeClock = fakeClock();
  readonly taken: string[] = [];
  readonly said: string[] = [];
  readonly #stop = new AbortController();

  constructor(test: TestContext) {
    this.folder = tempFolder(test);
    test.after(() => this.stop());
  }

  write(folder: string, { certificate, key }: Pick<Issued, 'certificate' | 'key'>): void {
    this.folder.write(`${folder}/tls.crt`, certificate);
    this.folder.write(`${folder}/tls.key`, key);
  }

  follow(folder: string): void {
    const line = (level: string) => (message: string) => this.said.push(`${level} ${message}`);
    const log: Log = { error: line('error'), warn: line('warn'), info: line('info'), debug: line('debug') };
    const known = [first, second];
    followPair(
      {
        server: 'webhook',
        certPath: this.folder.at(`${folder}/tls.crt`),
        keyPath: this.folder.at(`${folder}/tls.key`),
        take: ({ certificate }) =>
          this.taken.push(known.find((one) => one.certificate === certificate)?.signer.name ?? 'another one'),
        log,
        clock: this.clock,
        now: () => start + this.clock.now(),
      },
      this.#stop.signal,
    );
  }

  stop(): void {
    this.#stop.abort();
  }
}

const expires = 'info the webhook presents a certificate that expires on 2026-08-30T00:00:00.000Z';

describe('the files of a server’s certificate', () => {
  it('are read at once', (test) => {
    const followed = new Followed(test);
    followed.write('tls', first);
    followed.follow('tls');
    assert.deepEqual([followed.taken, followed.said], [['first'], [expires]]);
  });

  it('are read again when a link leads elsewhere, as Kubernetes swaps it', (test) => {
    const followed = new Followed(test);
    const { folder, clock } = followed;
    followed.write('..1', first);
    folder.link('..data', '..1');
    folder.link('tls.crt', '..data/tls.crt');
    folder.link('tls.key', '..data/tls.key');
    followed.follow('.');
    followed.write('..2', second);
    folder.link('..data', '..2');
    folder.remove('..1');
    clock.advance(2000);
    assert.deepEqual(followed.taken, ['first', 'second']);
  });

  it('are read when nobody writes them any more', (test) => {
    const followed = new Followed(test);
    followed.write('tls', first);
    followed.follow('tls');
    followed.folder.write('tls/tls.crt', second.certificate);
    followed.clock.advance(1000);
    followed.folder.write('tls/tls.key', second.key);
    followed.clock.advance(2000);
    assert.deepEqual(
      [followed.taken, followed.said],
      [
        ['first', 'second'],
        [expires, expires],
      ],
    );
  });

  it('leave the pair before in use while they do not fit or are gone', (test) => {
    const followed = new Followed(test);
    followed.write('tls', first);
    followed.follow('tls');
    followed.write('tls', { ...second, key: first.key });
    followed.clock.advance(3000);
    followed.folder.remove('tls');
    followed.clock.advance(3000);
    followed.write('tls', second);
    followed.clock.advance(3000);
    const path = (name: string) => followed.folder.at(`tls/${name}`);
    assert.deepEqual(
      [followed.taken, followed.said],
      [
        ['first', 'second'],
        [
          expires,
          "error the webhook's certificate: expected the private key of the first certificate, found another key [FW0803]; the one before stays in use",
          `error the webhook's certificate: ${path('tls.crt')}: expected a readable file, found nothing [FW0010]; ${path('tls.key')}: expected a readable file, found nothing [FW0010]; the one before stays in use`,
          expires,
        ],
      ],
    );
  });

  it('are waited for', (test) => {
    const followed = new Followed(test);
    followed.follow('tls');
    assert.match(followed.said.join(), /^error the webhook's certificate: .* nobody is answered until one comes$/);
    followed.write('tls', first);
    followed.clock.advance(2000);
    assert.deepEqual(followed.taken, ['first']);
  });

  it('are spoken of again when they age', (test) => {
    const name = "the webhook's certificate: expected the certificate of CN=short to be";
    const said = [30.02, 0.02].map((days) => {
      const followed = new Followed(test);
      followed.write('tls', made('short', days));
      followed.follow('tls');
      followed.clock.advance(hour);
      return followed.said.slice(-1);
    });
    assert.deepEqual(said, [
      [
        `warn ${name} renewed in time, found that it expires on Jul  1 00:28:48 2026 GMT, in less than 30 days [FW0804]`,
      ],
      [`error ${name} valid, found that it expired on Jun  1 00:28:48 2026 GMT [FW0804]; the one before stays in use`],
    ]);
  });

  it('are not looked at after the end', (test) => {
    const followed = new Followed(test);
    followed.follow('tls');
    followed.stop();
    assert.equal(followed.clock.pending, 0);
  });
});
