/** The secrets that proxies may ask for. */
import type { Config } from '../config/config.ts';
import type { DestinationRule } from '../config/destination-rule.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import type { SecretIr } from '../ir/secret.ts';
import { selects } from '../model/labels.ts';
import { originKey } from '../model/origin.ts';
import type { Client, Serving } from '../model/scope.ts';
import type { Secret } from '../model/secret.ts';
import { authoritySuffix, type Credential, isPublic, parseCredential, serverCredentials } from './credentials.ts';
import type { ServiceQueries } from './services.ts';
import { meshKey, type Tables } from './tables.ts';
import { exportToOr, isVisible } from './visibility.ts';

export interface SecretRequest {
  readonly client: Client;
  readonly serving: Serving;
  /** `kubernetes://shop-cert` */
  readonly name: string;
}

export interface SecretQueries {
  /** Undefined for a secret that does not exist, cannot be served, or is not this proxy's to have. */
  readonly secret: Query<SecretRequest, SecretIr | undefined>;
}

export function secretQueries(graph: Graph, tables: Tables, { visibility }: ServiceQueries): SecretQueries {
  const { secrets, gateways, destinationRules } = tables;

  function find(read: Reader, { kind, namespace, name }: Credential): Secret | undefined {
    return read.rows(secrets, read.keys(secrets.byName, `${kind} ${namespace}/${name}`))[0];
  }

  /** A proxy gets what the rules in force for it speak of, out of its own namespace, and nothing else. */
  function mayHave(read: Reader, { client, serving, name }: SecretRequest, credential: Credential): boolean {
    if (!isPublic(name) && credential.namespace !== serving.namespace) return false;
    const isServed = read.rows(gateways, serving.gateways).some(({ spec }) =>
      (spec.servers ?? []).some(({ tls = {} }) => {
        const { certificates, authority } = serverCredentials(tls);
        return certificates.includes(name) || authority === name;
      }),
    );
    return isServed || spellings(credential, name).some((spelling) => isPresented(read, client, spelling));
  }

  /** Whether a DestinationRule that may shape the client's connections takes certificates from a secret. */
  function isPresented(read: Reader, client: Client, spelling: string): boolean {
    const { defaultDestinationRuleExportTo } = read.cell(visibility, meshKey);
    const concerns = ({ spec, namespace }: Config<DestinationRule>) => {
      const { workloadSelector, exportTo } = spec;
      const isOwn = namespace === client.namespace;
      if (workloadSelector !== undefined) return isOwn && selects(workloadSelector.matchLabels ?? {}, client.labels);
      if (client.type === 'sidecar' && !isPublic(spelling)) return false;
      return isOwn || isVisible(exportToOr(exportTo, defaultDestinationRuleExportTo), namespace, client.namespace);
    };
    return read.rows(destinationRules, read.keys(destinationRules.byCredential, spelling)).some(concerns);
  }

  const secret = graph.query<SecretRequest, SecretIr | undefined>('secret', {
    reads: [secrets, secrets.byName, gateways, destinationRules, destinationRules.byCredential, visibility],
    keyOf: ({ client, serving, name }) => `${client.key}\n${serving.key}\n${name}`,
    compute(read, request) {
      const { name: resource, serving } = request;
      const credential = parseCredential(resource, serving.namespace);
      if (credential === undefined || !mayHave(read, request, credential)) return undefined;
      const { name } = credential;
      if (!name.endsWith(authoritySuffix)) {
        const found = find(read, credential);
        if (found?.certificate === undefined) return undefined;
        const { chain, key, ...rest } = found.certificate;
        const origins = [originKey(found.origin)];
        return { kind: 'certificate', name: resource, chain: { pem: chain }, key: { pem: key }, ...rest, origins };
      }
      // Authorities may stand in a Secret of their own, or beside the certificate.
      const beside = { ...credential, name: name.slice(0, -authoritySuffix.length) };
      const found = find(read, credential) ?? find(read, beside);
      if (found?.authorities === undefined) return undefined;
      const { certificates, revocations } = found.authorities;
      return {
        kind: 'authority',
        name: resource,
        certificates: { pem: certificates },
        ...(revocations === undefined ? {} : { revocations: { pem: revocations } }),
        origins: [originKey(found.origin)],
      };
    },
  });

  return { secret };
}

/** How rules may write a secret that a proxy asks for as `resource`. */
function spellings({ name }: Credential, resource: string): readonly string[] {
  const whole = [resource, name];
  return whole.flatMap((one) => (one.endsWith(authoritySuffix) ? [one.slice(0, -authoritySuffix.length), one] : [one]));
}
