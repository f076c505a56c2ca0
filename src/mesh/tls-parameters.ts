/** From the names in rules and in the mesh configuration to what Envoy accepts. */
import type { TlsParametersIr } from '../ir/tls.ts';
import { usableCurves, usableSuites } from '../model/tls-parameters.ts';

export interface TlsParameterNames {
  readonly minProtocolVersion?: string;
  readonly maxProtocolVersion?: string;
  readonly cipherSuites?: readonly string[];
  readonly ecdhCurves?: readonly string[];
}

/** Names that Envoy would refuse are left out, as the check of the rule says. */
export function tlsParameters({
  minProtocolVersion,
  maxProtocolVersion,
  cipherSuites = [],
  ecdhCurves = [],
}: TlsParameterNames): TlsParametersIr {
  const [minVersion, maxVersion] = [minProtocolVersion, maxProtocolVersion].map((name) =>
    name === undefined || name === 'TLS_AUTO' ? undefined : name.replace('TLSV', 'TLSv'),
  );
  const [ciphers, curves] = [usableSuites(cipherSuites), usableCurves(ecdhCurves)];
  return {
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(maxVersion === undefined ? {} : { maxVersion }),
    ...(ciphers.length === 0 ? {} : { ciphers }),
    ...(curves.length === 0 ? {} : { curves }),
  };
}
