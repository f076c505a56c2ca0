/** SecretIr → Secret. */
import type { AuthoritySecretIr, CertificateSecretIr, MaterialIr, SecretIr } from '../ir/secret.ts';
import type { DataSource } from '../proto/envoy/config/core/v3/base.ts';
import type {
  CertificateValidationContext,
  TlsCertificate,
} from '../proto/envoy/extensions/transport_sockets/tls/v3/common.ts';
import type { Secret } from '../proto/envoy/extensions/transport_sockets/tls/v3/secret.ts';

export function secret(ir: SecretIr): Secret {
  return {
    name: ir.name,
    type:
      ir.kind === 'certificate'
        ? { $case: 'tlsCertificate', value: certificate(ir) }
        : { $case: 'validationContext', value: authority(ir) },
  };
}

function certificate({ chain, key, ocspStaple }: CertificateSecretIr): TlsCertificate {
  return {
    certificateChain: material(chain),
    privateKey: material(key),
    ...(ocspStaple === undefined ? {} : { ocspStaple: inline(Buffer.from(ocspStaple, 'base64')) }),
  };
}

function authority({ certificates, revocations }: AuthoritySecretIr): CertificateValidationContext {
  return {
    ...(certificates === 'system' ? { systemRootCerts: {} } : { trustedCa: material(certificates) }),
    ...(revocations === undefined ? {} : { crl: material(revocations) }),
  };
}

function material(source: MaterialIr): DataSource {
  return 'pem' in source ? inline(Buffer.from(source.pem)) : { specifier: { $case: 'filename', value: source.file } };
}

function inline(value: Uint8Array): DataSource {
  return { specifier: { $case: 'inlineBytes', value } };
}
