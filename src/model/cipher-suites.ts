/**
 * The cipher suites for TLS up to 1.2 that a rule may name, as Istio lists them. Those of TLS 1.3 cannot be chosen.
 */
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

/** Whether a rule may name it; `[A|B]` stands for suites of equal rank, and `-`, `+` and `!` before a name are OpenSSL's. */
export function isCipherSuite(name: string): boolean {
  const group = /^\[(.+)\]$/.exec(name)?.[1];
  return (group ?? name.replace(/^[-+!]/, '')).split('|').every((suite) => suite === 'ALL' || suites.has(suite));
}
