/** PeerAuthentication, RequestAuthentication and AuthorizationPolicy: their schemas. */
import { boolean, duration, enumOf, type Infer, list, map, object, string } from '../lib/schema.ts';
import * as about from './about/security.ts';

export const selector = object({ matchLabels: map(string) }, { about: about.selector });
export const targetRef = object(
  { group: string, kind: string, name: string, namespace: string },
  { about: about.targetRef },
);

/** What a policy is for; one of these at most. */
export const attachment = { selector, targetRef, targetRefs: list(targetRef) };

const mutualTls = object({ mode: enumOf('UNSET', 'DISABLE', 'PERMISSIVE', 'STRICT') }, { about: about.mutualTls });

export const peerAuthentication = object(
  { selector, mtls: mutualTls, portLevelMtls: map(mutualTls) },
  { about: about.peerAuthentication },
);

const jwtRule = object(
  {
    issuer: string,
    audiences: list(string),
    jwksUri: string,
    jwks: string,
    fromHeaders: list(object({ name: string, prefix: string })),
    fromParams: list(string),
    fromCookies: list(string),
    outputPayloadToHeader: string,
    outputClaimToHeaders: list(object({ header: string, claim: string })),
    forwardOriginalToken: boolean,
    timeout: duration,
    spaceDelimitedClaims: list(string),
  },
  { about: about.jwtRule, exclusive: [['jwksUri', 'jwks']] },
);

export const requestAuthentication = object(
  { ...attachment, jwtRules: list(jwtRule) },
  { about: about.requestAuthentication },
);

const source = object(
  {
    principals: list(string),
    notPrincipals: list(string),
    requestPrincipals: list(string),
    notRequestPrincipals: list(string),
    namespaces: list(string),
    notNamespaces: list(string),
    serviceAccounts: list(string),
    notServiceAccounts: list(string),
    trustDomains: list(string),
    notTrustDomains: list(string),
    ipBlocks: list(string),
    notIpBlocks: list(string),
    remoteIpBlocks: list(string),
    notRemoteIpBlocks: list(string),
  },
  { about: about.source },
);

const operation = object(
  {
    hosts: list(string),
    notHosts: list(string),
    ports: list(string),
    notPorts: list(string),
    methods: list(string),
    notMethods: list(string),
    paths: list(string),
    notPaths: list(string),
  },
  { about: about.operation },
);

const condition = object({ key: string, values: list(string), notValues: list(string) }, { about: about.condition });

export const authorizationPolicy = object(
  {
    ...attachment,
    rules: list(object({ from: list(object({ source })), to: list(object({ operation })), when: list(condition) })),
    action: enumOf('ALLOW', 'DENY', 'AUDIT', 'CUSTOM'),
    provider: object({ name: string }),
  },
  { about: about.authorizationPolicy },
);

export type TargetRef = Infer<typeof targetRef>;
export type PeerAuthentication = Infer<typeof peerAuthentication>;
export type RequestAuthentication = Infer<typeof requestAuthentication>;
export type JwtRule = Infer<typeof jwtRule>;
export type AuthorizationPolicy = Infer<typeof authorizationPolicy>;
export type AuthorizationRule = NonNullable<AuthorizationPolicy['rules']>[number];
