/** The rules for PeerAuthentication and RequestAuthentication beyond their schemas, as Istio's validation has them. */
import type { Path } from '../../lib/schema.ts';
import { isRecord } from '../../lib/schema.ts';
import type { JwtRule, PeerAuthentication, RequestAuthentication, TargetRef } from '../security.ts';
import { type Check, checkDuration, checkSelector } from './check.ts';
import { isHeaderName } from './names.ts';

export function checkPeerAuthentication({ selector, portLevelMtls }: PeerAuthentication, check: Check): void {
  if (selector !== undefined) checkSelector(check, ['spec', 'selector', 'matchLabels'], selector.matchLabels);
  if (portLevelMtls === undefined) return;
  const path = ['spec', 'portLevelMtls'];
  const ports = Object.keys(portLevelMtls);
  if (ports.length === 0) check.error('FW2101', path, 'expected at least one port, found none');
  else if (Object.keys(selector?.matchLabels ?? {}).length === 0)
    check.error('FW2101', path, 'expected a selector beside it, found none: ports are those of workloads');
  for (const port of ports)
    if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535)
      check.error('FW2101', [...path, port], `expected a port from 1 to 65535, found ${JSON.stringify(port)}`);
}

export function checkRequestAuthentication(spec: RequestAuthentication, check: Check): void {
  checkAttachment(spec, check);
  for (const [i, rule] of (spec.jwtRules ?? []).entries()) checkJwtRule(check, ['spec', 'jwtRules', i], rule);
}

interface Attachment {
  readonly selector?: { readonly matchLabels?: { readonly [key: string]: string } };
  readonly targetRef?: TargetRef;
  readonly targetRefs?: readonly TargetRef[];
}

/** Kinds that a policy may be attached to, with their groups; the core group is empty or `core`. */
const targets = new Set([
  '/Service',
  'core/Service',
  'networking.istio.io/ServiceEntry',
  'gateway.networking.k8s.io/Gateway',
  'gateway.networking.k8s.io/GatewayClass',
]);

export function checkAttachment({ selector, targetRef, targetRefs = [] }: Attachment, check: Check): void {
  const found = [
    selector === undefined ? undefined : 'selector',
    targetRef === undefined ? undefined : 'targetRef',
    targetRefs.length === 0 ? undefined : 'targetRefs',
  ].filter((name) => name !== undefined);
  if (found.length > 1)
    check.error('FW2001', ['spec'], `expected one of selector, targetRef and targetRefs, found ${found.join(' and ')}`);
  if (selector !== undefined) checkSelector(check, ['spec', 'selector', 'matchLabels'], selector.matchLabels);
  if (targetRef !== undefined) checkTarget(check, ['spec', 'targetRef'], targetRef);
  for (const [i, one] of targetRefs.entries()) checkTarget(check, ['spec', 'targetRefs', i], one);
}

function checkTarget(check: Check, path: Path, { group = '', kind = '', name = '', namespace = '' }: TargetRef): void {
  if (name === '') check.error('FW2001', [...path, 'name'], 'expected a name, found none');
  if (namespace !== '')
    check.error(
      'FW2001',
      [...path, 'namespace'],
      `expected none, found ${namespace}: a policy is for its own namespace`,
    );
  if (!targets.has(`${group}/${kind}`))
    check.error(
      'FW2001',
      path,
      `expected a Service, ServiceEntry, Gateway or GatewayClass, found ${kind || 'nothing'} of group ${JSON.stringify(group)}`,
    );
}

function checkJwtRule(check: Check, path: Path, rule: JwtRule): void {
  const { issuer = '', jwksUri = '', jwks = '', fromHeaders = [] } = rule;
  if (issuer === '') check.error('FW2201', [...path, 'issuer'], 'expected an issuer, found none');
  for (const field of ['audiences', 'fromParams', 'fromCookies'] as const)
    for (const [i, text] of (rule[field] ?? []).entries())
      if (text === '') check.error('FW2201', [...path, field, i], 'expected a text, found an empty one');
  if (jwksUri !== '' && !isJwksUri(jwksUri))
    check.error('FW2201', [...path, 'jwksUri'], `expected an http or https URL, found ${JSON.stringify(jwksUri)}`);
  if (jwks !== '' && !isKeySet(jwks))
    check.error('FW2201', [...path, 'jwks'], 'expected a JSON Web Key Set, found something else');
  for (const [i, { name = '' }] of fromHeaders.entries())
    if (name === '') check.error('FW2201', [...path, 'fromHeaders', i], 'expected the name of a header, found none');
  for (const [i, { header = '', claim = '' }] of (rule.outputClaimToHeaders ?? []).entries()) {
    const at = [...path, 'outputClaimToHeaders', i];
    if (claim === '') check.error('FW2201', [...at, 'claim'], 'expected the name of a claim, found none');
    if (!isHeaderName(header))
      check.error('FW2201', [...at, 'header'], `expected the name of a header, found ${JSON.stringify(header)}`);
  }
  checkDuration(check, 'FW2201', [...path, 'timeout'], rule.timeout);
}

function isJwksUri(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && (url.protocol === 'http:' || url.protocol === 'https:') && url.hostname !== '';
}

function isKeySet(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) && (Array.isArray(value.keys) ? value.keys.every(isRecord) : typeof value.kty === 'string');
  } catch {
    return false;
  }
}
