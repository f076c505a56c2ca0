/** The rules for the TLS that a client starts, beyond its schema. */
import type { Path } from '../../lib/schema.ts';
import type { ClientTls } from '../destination-rule.ts';
import type { Check } from './check.ts';

/** Whose certificates may come from a Secret: those of gateways, and of workloads that the rule selects. */
export type SecretUsers = 'gateways' | 'selected-workloads';

export function checkClientTls(check: Check, path: Path, tls: ClientTls, users: SecretUsers): void {
  const { mode = 'DISABLE', clientCertificate = '', privateKey = '', caCertificates = '', caCrl = '' } = tls;
  const { credentialName = '', insecureSkipVerify, subjectAltNames = [] } = tls;
  const files = [clientCertificate, privateKey, caCertificates, caCrl].some((file) => file !== '');
  if (mode === 'ISTIO_MUTUAL') {
    check.warning(
      'FW0009',
      [...path, 'mode'],
      'ISTIO_MUTUAL is not executed by this version: connections are not encrypted',
    );
    if (files || credentialName !== '')
      check.warning(
        'FW0207',
        path,
        'expected no certificates for mode ISTIO_MUTUAL, which uses those of the mesh: they have no effect',
      );
    return;
  }
  if (mode === 'DISABLE') return;
  if ((tls.sni ?? '').length > 255)
    check.error('FW0207', [...path, 'sni'], 'expected a name of at most 255 characters, found a longer one');
  if (insecureSkipVerify === true) {
    const checked = [
      caCertificates === '' ? undefined : 'caCertificates',
      subjectAltNames.length === 0 ? undefined : 'subjectAltNames',
      // For mode MUTUAL it holds the client's own certificate too.
      credentialName === '' || mode === 'MUTUAL' ? undefined : 'credentialName',
    ].filter((name) => name !== undefined);
    if (checked.length > 0)
      check.error(
        'FW0207',
        path,
        `expected no ${checked.join(' and ')} beside insecureSkipVerify, which checks nothing`,
      );
  }
  if (credentialName !== '' && files)
    check.error('FW0207', path, 'expected credentialName or certificate files, found both');
  if (credentialName !== '' && !credentialName.startsWith('configmap://') && users === 'gateways')
    check.warning(
      'FW0207',
      [...path, 'credentialName'],
      'expected a workloadSelector beside it, found none: only gateways use TLS then, sidecars connect without',
    );
  if (mode === 'MUTUAL' && credentialName === '' && (clientCertificate === '' || privateKey === ''))
    check.error('FW0207', path, 'expected clientCertificate and privateKey, or credentialName, for mode MUTUAL');
}
