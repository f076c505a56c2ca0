/** TlsParametersIr → TlsParameters. */
import type { TlsParametersIr } from '../ir/tls.ts';
import {
  type TlsParameters,
  TlsParameters_TlsProtocol,
} from '../proto/envoy/extensions/transport_sockets/tls/v3/common.ts';

export function tlsParams({ minVersion, maxVersion, ciphers, curves }: TlsParametersIr): TlsParameters {
  const version = (name: string) => TlsParameters_TlsProtocol[name as keyof typeof TlsParameters_TlsProtocol];
  return {
    ...(minVersion === undefined ? {} : { tlsMinimumProtocolVersion: version(minVersion) }),
    ...(maxVersion === undefined ? {} : { tlsMaximumProtocolVersion: version(maxVersion) }),
    ...(ciphers === undefined ? {} : { cipherSuites: [...ciphers] }),
    ...(curves === undefined ? {} : { ecdhCurves: [...curves] }),
  };
}
