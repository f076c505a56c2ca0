/** What becomes of TLS at a filter chain: it is terminated, passed on as it is, or the handshake fails. */
import type { FilterChain } from '../proto/envoy/config/listener/v3/listener_components.ts';
import { type CommonTlsContext, DownstreamTlsContext } from '../proto/envoy/extensions/transport_sockets/tls/v3/tls.ts';
import type { Call, ClientHello } from './call.ts';
import { type OpenAny, opened, typeName } from './configuration.ts';
import { type Choice, chosen, type Ending, ending, refusal } from './outcome.ts';

/** What the network filters see. */
export interface Session {
  /** `tls`: the client's TLS was terminated here. `opaque`: what follows is TLS that nobody here reads. */
  readonly security: 'plain' | 'tls' | 'opaque';
  /** The protocol that both sides agreed on in the handshake. */
  readonly protocol?: string;
}

export function handshake(chain: FilterChain, call: Call, open: OpenAny): Choice<Session> {
  const socket = chain.transportSocket?.configType?.value;
  const context = opened(open, DownstreamTlsContext, socket);
  const isPlain = socket === undefined || typeName(socket).endsWith('raw_buffer.v3.RawBuffer');
  if (context === undefined && !isPlain) {
    const because = `the transport socket ${typeName(socket)} is not evaluated`;
    return ending('transport', { kind: 'undecided', because });
  }
  const { tls } = call;
  if (context === undefined) {
    if (tls === undefined) return pass({ security: 'plain' }, 'the connection is plain text');
    return pass({ security: 'opaque' }, 'TLS is not terminated here and passes as it is');
  }
  if (tls === undefined)
    return ending(
      'transport',
      refusal('invalid TLS', 'the chain expects a TLS handshake, the client sends plain text'),
    );
  const problem = certificateProblem(context, tls);
  if (problem !== undefined) return ending('transport', problem);
  const protocol = context.commonTlsContext?.alpnProtocols?.find((offered) => tls.alpn.includes(offered));
  return pass(
    { security: 'tls', ...(protocol === undefined ? {} : { protocol }) },
    protocol === undefined ? 'TLS is terminated' : `TLS is terminated, both sides speak ${protocol}`,
  );
}

function pass(session: Session, because: string): Choice<Session> {
  return { found: session, step: chosen('transport', session.security, because) };
}

function certificateProblem(
  { requireClientCertificate, requireSni, commonTlsContext = {} }: DownstreamTlsContext,
  { certificate, sni }: ClientHello,
): Ending | undefined {
  if (requireSni === true && sni === undefined) return refusal('invalid TLS', 'the chain requires a server name');
  if (certificate === 'mesh' && !showsMeshCertificate(commonTlsContext))
    return refusal('invalid mTLS', "the client expects a certificate of the mesh, the chain's is another");
  if (requireClientCertificate !== true) return undefined;
  if (certificate === undefined)
    return refusal('invalid mTLS', 'the chain requires a client certificate, the client shows none');
  const wanted = trustsMesh(commonTlsContext) ? 'mesh' : 'asked-for';
  if (certificate === wanted) return undefined;
  return refusal('invalid mTLS', "the client's certificate is not of the authority that the chain trusts");
}

/** The secrets of a workload's own certificate and of the mesh's authority have these names, as in Istio. */
function showsMeshCertificate({ tlsCertificateSdsSecretConfigs = [] }: CommonTlsContext): boolean {
  return tlsCertificateSdsSecretConfigs.some(({ name }) => name === 'default');
}

function trustsMesh({ validationContextType: context }: CommonTlsContext): boolean {
  switch (context?.$case) {
    case 'validationContextSdsSecretConfig':
      return context.value.name === 'ROOTCA';
    case 'combinedValidationContext':
      return context.value.validationContextSdsSecretConfig?.name === 'ROOTCA';
    default:
      return false;
  }
}
