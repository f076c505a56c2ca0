/** The rules for a Sidecar's egress listeners beyond their schema. */
import { isIP } from 'node:net';
import type { Path } from '../../lib/schema.ts';
import type { EgressListener } from '../sidecar.ts';
import type { Check } from './check.ts';
import { isDnsLabel, isPartialWildcard, isUnixPath, isWildcardDnsName } from './names.ts';
import { checkListenPort } from './ports.ts';

/** `isSelective`: whether the Sidecar is for some workloads only. */
export function checkEgress(check: Check, egress: readonly EgressListener[], isSelective: boolean): void {
  const places = new Set<string>();
  for (const [i, listener] of egress.entries()) {
    const path = ['spec', 'egress', i];
    const { port, bind = '', hosts = [] } = listener;
    if (port === undefined) {
      if (bind !== '')
        check.warning('FW0502', [...path, 'bind'], 'expected none without a port, found one: it has no effect');
      if (i !== egress.length - 1)
        check.error(
          'FW0502',
          path,
          'expected the listener without port last, and only one of them, found one before others',
        );
    } else {
      checkPlace(check, path, listener);
      const place = (port.number ?? 0) === 0 ? bind : String(port.number);
      if (places.has(place)) check.error('FW0502', path, `expected each port once, found ${place} again`);
      places.add(place);
    }
    if (hosts.length === 0)
      check.error('FW0502', [...path, 'hosts'], 'expected at least one namespace/host, found none');
    checkHosts(check, [...path, 'hosts'], hosts, isSelective);
  }
}

function checkPlace(check: Check, path: Path, { port = {}, bind = '', captureMode = 'DEFAULT' }: EgressListener): void {
  const { number = 0 } = port;
  checkListenPort(check, [...path, 'port'], port, 'FW0502');
  if (number > 65535)
    check.error('FW0502', [...path, 'port', 'number'], `expected a port from 1 to 65535, found ${number}`);
  if (number !== 0) {
    if (bind !== '' && isIP(bind) === 0)
      check.error('FW0502', [...path, 'bind'], `expected an IP address beside a port, found ${JSON.stringify(bind)}`);
    return;
  }
  if (!bind.startsWith('unix://'))
    check.error(
      'FW0502',
      [...path, 'port', 'number'],
      'expected a port from 1 to 65535 unless bind is a Unix socket, found 0',
    );
  else if (!isUnixPath(bind.slice('unix://'.length)))
    check.error('FW0502', [...path, 'bind'], `expected the absolute path of a socket, found ${JSON.stringify(bind)}`);
  if (captureMode === 'IPTABLES')
    check.error('FW0502', [...path, 'captureMode'], 'expected DEFAULT or NONE for a Unix socket, found IPTABLES');
}

/**
 * A Sidecar without a selector may be the root namespace's, for all namespaces: its `.` is that of each client, so that `./*`
 * beside `istio-system/*`, which Istio's own pages recommend, says two things.
 */
function checkHosts(check: Check, path: Path, hosts: readonly string[], isSelective: boolean): void {
  const seen = new Set<string>();
  /** Namespaces of which some host has been named. */
  const named = new Set<string>();
  for (const [i, text] of hosts.entries()) {
    const at = [...path, i];
    checkHost(check, at, text);
    const isExclusion = /^~[^/]/.test(text);
    const [scope = '', host = ''] = text.split('/');
    const namespace = scope === '.' && isSelective ? check.subject.namespace : scope;
    const whole = `${namespace}/*`;
    if (!isExclusion && (seen.has(`${namespace}/${host}`) || seen.has(whole) || (host === '*' && named.has(namespace))))
      check.warning('FW0502', at, `expected each host once, found ${text} beside others that hold it`);
    else if (!isExclusion && text !== '*/*' && seen.has('*/*'))
      check.warning('FW0502', at, `expected no other host beside */*, found ${text}`);
    seen.add(`${namespace}/${host}`);
    named.add(namespace);
  }
}

/** `namespace/host`; the namespace is a name, `.`, `*` or `~`, a leading `~` before the whole excludes. */
function checkHost(check: Check, path: Path, text: string): void {
  const rest = /^~[^/]/.test(text) ? text.slice(1) : text;
  const [namespace = '', host = '', ...more] = rest.split('/');
  const isNamespace = ['.', '*', '~'].includes(namespace) || isDnsLabel(namespace);
  const isHost = host === '*' || (host.includes('.') && isWildcardDnsName(host) && !isPartialWildcard(host));
  if (more.length > 0 || !isNamespace || !isHost)
    check.error(
      'FW0502',
      path,
      `expected namespace/host with a full host name or a wildcard, found ${JSON.stringify(text)}`,
    );
}
