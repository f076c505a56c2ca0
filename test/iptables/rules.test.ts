/** What `fairway iptables` leaves in a network namespace, beside rules of others. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { describeWithIptables } from '../support/iptables.ts';
import { makeNamespaces, type Namespaces, type Variant, variants } from './support/namespaces.ts';

const dns = ['--dns-port', '15053', '--dns-servers', '10.79.0.1,fd79::1'];
const withoutRights = ['setpriv', '--bounding-set', '-net_admin', '--inh-caps', '-net_admin'];

/** Of somebody else, before ours and after. */
const foreign = (program: string, port: number) =>
  `${program} -t nat -A OUTPUT -p tcp --dport ${port} -j RETURN`.split(' ');

describeWithIptables('fairway iptables', (iptables) => {
  for (const variant of variants)
    describe(`by ${variant}`, () => {
      let world: Namespaces;
      let untouched: string;
      const programs = [`iptables-${variant}`, `ip6tables-${variant}`];
      const routes = () =>
        ['-4', '-6']
          .flatMap((family) => [
            world.run('pod', ['ip', family, 'rule', 'list']),
            world.run('pod', ['ip', family, 'route', 'show', 'table', 'all', 'type', 'local']),
            world.run('pod', ['ip', family, 'address', 'show', 'dev', 'lo']),
          ])
          .join('')
          // The interface gives itself one, in its own time.
          .replace(/^local fe80:.*\n/gm, '');
      const state = () => `${world.rules()}${routes()}`;
      const succeed = async (...args: readonly string[]) => {
        const { exitCode, stdout, stderr } = await world.fairway(args);
        assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' });
        return stdout;
      };
      before(() => {
        world = makeNamespaces(iptables, variant);
        for (const program of programs) world.run('pod', foreign(program, 7001));
        untouched = state();
      });
      beforeEach(async () => {
        await succeed('--remove');
        assert.equal(filled(state()), filled(untouched));
      });
      after(() => world?.close());

      for (const mode of ['REDIRECT', 'TPROXY'])
        it(`changes nothing a second time: ${mode}`, async () => {
          const args = ['--mode', mode, ...dns, '--virtual-interfaces', 'tap0,tap1', '--exclude-interfaces', 'eth9'];
          assert.equal(
            await succeed(...args),
            `intercepting by ${mode}: IPv4 and IPv6, iptables (${kinds[variant]})\n`,
          );
          const first = state();
          // Whoever comes between keeps the place too.
          for (const program of programs) world.run('pod', foreign(program, 7002));
          const second = state();
          assert.notEqual(second, first);
          await succeed(...args);
          assert.equal(state(), second);
          for (const program of programs)
            world.run(
              'pod',
              foreign(program, 7002).map((part) => (part === '-A' ? '-D' : part)),
            );
          assert.equal(state(), first);
        });

      it('leaves nothing of a first run with other options', async () => {
        await succeed('--exclude-outbound-ports', '81');
        const wanted = state();
        await succeed('--mode', 'TPROXY', ...dns, '--virtual-interfaces', 'tap0');
        assert.notEqual(state(), wanted);
        await succeed('--exclude-outbound-ports', '81');
        assert.equal(filled(state()), filled(wanted));
      });

      it('leaves inbound connections alone that no port is included of', async () => {
        await succeed('--include-inbound-ports', '');
        assert.doesNotMatch(world.rules(), /^-A PREROUTING/m);
        assert.match(world.rules(), /^-A OUTPUT -j FAIRWAY_OUTPUT$/m);
      });

      it('keeps to the family that is asked for', async () => {
        await succeed('--family', '6');
        assert.doesNotMatch(world.run('pod', [`iptables-${variant}-save`]), /FAIRWAY/);
        assert.match(world.run('pod', [`ip6tables-${variant}-save`]), /FAIRWAY/);
      });

      it("heeds Istio's variables, but options first, and none that is empty", async () => {
        const variables = ['ISTIO_SERVICE_CIDR=10.0.0.0/8', 'ISTIO_LOCAL_EXCLUDE_PORTS=22', 'ISTIO_INBOUND_PORTS='];
        const { stdout } = await world.fairway(
          ['--dry-run', '--family', '4', '--exclude-inbound-ports', '23'],
          ['env', ...variables],
        );
        const args = ['--include-outbound', '10.0.0.0/8', '--exclude-inbound-ports', '23'];
        assert.equal(stdout, await succeed('--dry-run', '--family', '4', ...args));
        assert.match(stdout, /^-A FAIRWAY_OUTPUT -d 10\.0\.0\.0\/8 /m);
      });

      it('changes nothing when it is to say what it would do', async () => {
        const before = state();
        const said = await succeed('--mode', 'TPROXY', ...dns, '--dry-run');
        assert.equal(state(), before);
        await succeed('--mode', 'TPROXY', ...dns);
        const found = world.rules();
        assert.equal(await succeed('--remove', '--dry-run').then((text) => /^-X FAIRWAY_OUTPUT$/m.test(text)), true);
        assert.equal(world.rules(), found);
        // What was said is what was done: given to iptables-restore by hand it makes the same rules.
        await succeed('--remove');
        for (const [index, script] of said
          .split(/^# IPv[46]\n/m)
          .slice(1)
          .entries())
          world.run('pod', [`${programs[index]}-restore`, '--noflush'], script);
        assert.equal(world.rules(), found);
      });

      for (const args of [[], ['--mode', 'TPROXY'], ['--remove']])
        it(`says what is missing without the right to change rules: ${args.join(' ')}`, async () => {
          await succeed();
          const before = world.rules();
          const { exitCode, stdout, stderr } = await world.fairway(args, withoutRights);
          assert.equal(exitCode, 1);
          assert.equal(stdout, '');
          assert.match(
            stderr,
            /^error: \S+: .+; is there CAP_NET_ADMIN \(securityContext\.capabilities\.add: \[NET_ADMIN, NET_RAW\]\)\?\n/,
          );
          assert.equal(world.rules(), before);
        });
    });

  it('goes where rules are already', async () => {
    const world = makeNamespaces(iptables, 'nft');
    try {
      const automatic = ['env', '-u', 'IPTABLES_VARIANT'];
      world.run('pod', foreign('iptables-legacy', 7001));
      const { stdout } = await world.fairway([], automatic);
      assert.match(stdout, /iptables \(legacy\)\n$/);
      // Others make rules of the other kind: ours are found where they are.
      world.run('pod', foreign('iptables-nft', 7001));
      const removal = await world.fairway(['--remove'], automatic);
      assert.match(removal.stdout, /iptables \(legacy\)\n$/);
      assert.doesNotMatch(world.run('pod', ['iptables-legacy-save']), /FAIRWAY/);
    } finally {
      await world.close();
    }
  });

  for (const [first, second] of [
    ['nft', 'legacy'],
    ['legacy', 'nft'],
  ] as const)
    it(`leaves nothing of an earlier run by the other kind: ${first}, then ${second}`, async () => {
      const world = makeNamespaces(iptables, first);
      const ours = () =>
        variants.filter((variant) => world.run('pod', [`ip6tables-${variant}-save`]).includes('FAIRWAY_OUTPUT'));
      const using = (variant: Variant) => ['env', `IPTABLES_VARIANT=${variant}`];
      try {
        await world.fairway([], using(first));
        assert.deepEqual(ours(), [first]);
        await world.fairway([], using(second));
        assert.deepEqual(ours(), [second]);
        const { stdout } = await world.fairway(['--remove'], using(first));
        assert.match(stdout, /^nothing is intercepted any more: IPv4 and IPv6/);
        assert.deepEqual(ours(), []);
      } finally {
        await world.close();
      }
    });

  for (const variant of variants)
    it(`finds its place among thousands of rules of others: ${variant}`, async () => {
      const world = makeNamespaces(iptables, variant);
      const rules = Array.from(
        { length: 12_000 },
        (_, i) =>
          `-A OTHERS -s 10.0.${i >> 8}.${i & 255}/32 -m comment --comment "of somebody else, who has very many" -j RETURN`,
      );
      const script = `${['*filter', ':OTHERS - [0:0]', ...rules, 'COMMIT'].join('\n')}\n`;
      const count = (pattern: string) =>
        world.run('pod', ['sh', '-c', `iptables-${variant}-save | grep -c -e '${pattern}' || true`]);
      try {
        world.run('pod', [`iptables-${variant}-restore`, '--noflush'], script);
        const { stdout, stderr } = await world.fairway([], ['env', '-u', 'IPTABLES_VARIANT']);
        assert.deepEqual(
          [stdout, stderr],
          [`intercepting by REDIRECT: IPv4 and IPv6, iptables (${kinds[variant]})\n`, ''],
        );
        assert.equal((await world.fairway(['--remove'])).stderr, '');
        assert.deepEqual([count('^-A OTHERS'), count('FAIRWAY')], ['12000\n', '0\n']);
      } finally {
        await world.close();
      }
    });

  it('says which iptables it looked for', async () => {
    const world = makeNamespaces(iptables, 'nft');
    try {
      const { exitCode, stderr } = await world.fairway([], ['env', 'PATH=/nowhere']);
      assert.equal(exitCode, 1);
      assert.match(
        stderr,
        /^error: expected iptables-nft on PATH, found none: install iptables, or inject an image that/,
      );
    } finally {
      await world.close();
    }
  });
});

const kinds = { nft: 'nf_tables', legacy: 'legacy' } as const;

/** Tables that nothing is in are as good as none: those of nft stay once something was in them. */
function filled(text: string): string {
  return text.replace(/^\*\w+\n(:[A-Z]+ ACCEPT\n)*COMMIT\n/gm, '');
}
