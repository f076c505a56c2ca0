/** Which names of cipher suites and curves may stand in rules. One that Envoy does not know costs the whole listener. */

/** The suites for TLS up to 1.2, as Istio lists them. Those of TLS 1.3 cannot be chosen. */
const suites: ReadonlySet<string> = new Set([
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-RSA-AES256-SHA',
  'AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-SHA',
  'AES256-SHA',
  'DES-CBC3-SHA',
]);

/** Those of Envoy 1.40, by all of their names. */
const curves: ReadonlyMap<string, string> = new Map([
  ['P-256', 'P-256'],
  ['prime256v1', 'P-256'],
  ['P-384', 'P-384'],
  ['secp384r1', 'P-384'],
  ['P-521', 'P-521'],
  ['secp521r1', 'P-521'],
  ['X25519', 'X25519'],
  ['x25519', 'X25519'],
  ['X25519MLKEM768', 'X25519MLKEM768'],
  ['MLKEM1024', 'MLKEM1024'],
]);

export function isCurve(name: string): boolean {
  return curves.has(name);
}

/** Those that Envoy has, each once: the second one of a kind, even by another name, costs the listener too. */
export function usableCurves(names: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return names.filter((name) => {
    const curve = curves.get(name);
    if (curve === undefined || seen.has(curve)) return false;
    seen.add(curve);
    return true;
  });
}

/** `[A|B]` stands for suites of equal rank, and `-`, `+` and `!` before a name are OpenSSL's. */
export function isCipherSuite(name: string): boolean {
  return suitesOf(name).every((suite) => suites.has(suite));
}

/** Those that Envoy has, each once; none if they leave nothing to choose from, which costs the listener too. */
export function usableSuites(names: readonly string[]): readonly string[] {
  const known = [...new Set(names)].filter(isCipherSuite);
  return leavesSuites(known) ? known : [];
}

/** `-` takes suites away, and `!` does so for good. */
function leavesSuites(names: readonly string[]): boolean {
  const left = new Set<string>();
  const gone = new Set<string>();
  for (const name of names)
    for (const suite of suitesOf(name)) {
      if (name.startsWith('!')) gone.add(suite);
      if (name.startsWith('!') || name.startsWith('-')) left.delete(suite);
      else if (!name.startsWith('+') && !gone.has(suite)) left.add(suite);
    }
  return left.size > 0;
}

function suitesOf(name: string): readonly string[] {
  const group = /^\[(.+)\]$/.exec(name)?.[1];
  const named = group?.split('|') ?? [name.replace(/^[-+!]/, '')];
  return named.flatMap((one) => (one === 'ALL' ? [...suites] : [one]));
}
