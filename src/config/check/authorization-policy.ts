/** The rules for an AuthorizationPolicy beyond its schema, as Istio's validation has them. */
import type { Path } from '../../lib/schema.ts';
import type { AuthorizationPolicy, AuthorizationRule } from '../security.ts';
import type { Check } from './check.ts';
import { isAddressOrBlock } from './names.ts';
import { checkAttachment } from './security.ts';

export function checkAuthorizationPolicy(spec: AuthorizationPolicy, check: Check): void {
  const { action = 'ALLOW', rules, provider } = spec;
  checkAttachment(spec, check);
  if ((action === 'DENY' || action === 'CUSTOM') && rules === undefined)
    check.error(
      'FW2301',
      ['spec'],
      `expected rules for action ${action}, found none: nothing would match; rules: [{}] matches everything`,
    );
  if (action === 'CUSTOM' && rules !== undefined && (provider?.name ?? '') === '')
    check.error('FW2301', ['spec'], 'expected the name of a provider for action CUSTOM, found none');
  if (action !== 'CUSTOM' && provider !== undefined)
    check.error('FW2301', ['spec', 'provider'], `expected it only for action CUSTOM, found it for ${action}`);
  checkDryRun(check, action);
  for (const [i, rule] of (rules ?? []).entries()) {
    const path = ['spec', 'rules', i];
    checkSources(check, path, rule);
    checkOperations(check, path, rule);
    checkConditions(check, path, rule);
    if (action === 'CUSTOM') checkCustom(check, path, rule);
    if (action === 'DENY') checkTcp(check, path, rule);
  }
}

function checkDryRun(check: Check, action: string): void {
  const value = check.subject.annotations['istio.io/dry-run'];
  if (value === undefined) return;
  if (action !== 'ALLOW' && action !== 'DENY')
    check.error(
      'FW2301',
      ['spec', 'action'],
      `expected ALLOW or DENY beside the annotation istio.io/dry-run, found ${action}`,
    );
  else if (!/^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(value))
    check.error(
      'FW0015',
      [],
      `expected true or false for the annotation istio.io/dry-run, found ${JSON.stringify(value)}`,
    );
}

type Source = NonNullable<NonNullable<AuthorizationRule['from']>[number]['source']>;
type Operation = NonNullable<NonNullable<AuthorizationRule['to']>[number]['operation']>;

function checkSources(check: Check, path: Path, { from }: AuthorizationRule): void {
  if (from?.length === 0) check.error('FW2302', [...path, 'from'], 'expected at least one source, found none');
  for (const [i, { source }] of (from ?? []).entries()) {
    const at = [...path, 'from', i, 'source'];
    if (source === undefined || isEmpty(source))
      check.error('FW2302', at, 'expected at least one attribute of a source, found none');
    else checkSource(check, at, source);
  }
}

function checkSource(check: Check, path: Path, source: Source): void {
  checkTexts(check, path, source);
  for (const field of ['ipBlocks', 'notIpBlocks', 'remoteIpBlocks', 'notRemoteIpBlocks'] as const)
    checkBlocks(check, [...path, field], source[field]);
  const accounts = [source.serviceAccounts, source.notServiceAccounts].some((list) => (list ?? []).length > 0);
  const others = (['principals', 'notPrincipals', 'namespaces', 'notNamespaces'] as const).filter(
    (field) => (source[field] ?? []).length > 0,
  );
  if (accounts && others.length > 0)
    check.error('FW2302', path, `expected serviceAccounts alone, found them beside ${others.join(' and ')}`);
}

function checkOperations(check: Check, path: Path, { to }: AuthorizationRule): void {
  if (to?.length === 0) check.error('FW2302', [...path, 'to'], 'expected at least one operation, found none');
  for (const [i, { operation }] of (to ?? []).entries()) {
    const at = [...path, 'to', i, 'operation'];
    if (operation === undefined || isEmpty(operation)) {
      check.error('FW2302', at, 'expected at least one attribute of an operation, found none');
      continue;
    }
    checkTexts(check, at, operation);
    for (const field of ['ports', 'notPorts'] as const) checkPorts(check, [...at, field], operation[field]);
    for (const field of ['paths', 'notPaths'] as const) checkPaths(check, [...at, field], operation[field]);
  }
}

function isEmpty(part: Source | Operation): boolean {
  return Object.values(part).every((values) => (values ?? []).length === 0);
}

function checkTexts(check: Check, path: Path, part: Source | Operation): void {
  for (const [field, values] of Object.entries(part) as [string, readonly string[]][])
    for (const [i, value] of values.entries())
      if (value === '') check.error('FW2302', [...path, field, i], 'expected a text, found an empty one');
}

function checkBlocks(check: Check, path: Path, values: readonly string[] | undefined): void {
  for (const [i, value] of (values ?? []).entries())
    if (value !== '' && !isAddressOrBlock(value))
      check.error('FW2302', [...path, i], `expected an IP address or block, found ${JSON.stringify(value)}`);
}

function checkPorts(check: Check, path: Path, values: readonly string[] | undefined): void {
  for (const [i, value] of (values ?? []).entries())
    if (value !== '' && (!/^\d{1,5}$/.test(value) || Number(value) > 65535))
      check.error('FW2302', [...path, i], `expected a port from 0 to 65535, found ${JSON.stringify(value)}`);
}

/** `{*}` stands for one segment of a path, `{**}` for the rest; with one of them no other wildcards may stand there. */
function checkPaths(check: Check, path: Path, values: readonly string[] | undefined): void {
  for (const [i, value] of (values ?? []).entries()) {
    if (!value.includes('{*}') && !value.includes('{**}')) continue;
    if (/[*{}]/.test(value.replaceAll('{**}', '').replaceAll('{*}', '')))
      check.error('FW2302', [...path, i], `expected no wildcards beside {*} and {**}, found ${JSON.stringify(value)}`);
  }
}

const plainKeys = new Set([
  'source.ip',
  'remote.ip',
  'source.namespace',
  'source.serviceAccount',
  'source.principal',
  'request.auth.principal',
  'request.auth.audiences',
  'request.auth.presenter',
  'destination.ip',
  'destination.port',
  'connection.sni',
]);
/** `request.headers[x-id]` */
const nestedKey = /^(request\.headers|request\.auth\.claims|experimental\.envoy\.filters\.)[^[]*\[.+\]$/;

function checkConditions(check: Check, path: Path, { when = [] }: AuthorizationRule): void {
  for (const [i, { key = '', values = [], notValues = [] }] of when.entries()) {
    const at = [...path, 'when', i];
    if (!plainKeys.has(key) && !nestedKey.test(key))
      check.error(
        'FW2303',
        [...at, 'key'],
        `expected a key such as source.ip or request.headers[x-id], found ${JSON.stringify(key)}`,
      );
    if (values.length + notValues.length === 0) check.error('FW2303', at, 'expected values or notValues, found none');
    checkTexts(check, at, { values, notValues } as Operation);
    for (const [field, texts] of [
      ['values', values],
      ['notValues', notValues],
    ] as const) {
      if (/^(source|remote|destination)\.ip$/.test(key)) checkBlocks(check, [...at, field], texts);
      if (key === 'destination.port') checkPorts(check, [...at, field], texts);
    }
  }
}

/** What an external authorizer cannot be asked about: the proxy decides whether to ask before it knows these. */
function checkCustom(check: Check, path: Path, { from = [], when = [] }: AuthorizationRule): void {
  const fields = ['namespaces', 'serviceAccounts', 'principals', 'requestPrincipals'] as const;
  for (const [i, { source = {} }] of from.entries())
    for (const field of fields)
      for (const name of [field, `not${field[0]?.toUpperCase()}${field.slice(1)}`] as (keyof Source)[])
        if ((source[name] ?? []).length > 0)
          check.error('FW2301', [...path, 'from', i, 'source', name], 'expected none for action CUSTOM, found some');
  for (const [i, { key = '' }] of when.entries())
    if (/^(source\.(namespace|serviceAccount|principal)$|request\.auth\.)/.test(key))
      check.error('FW2301', [...path, 'when', i, 'key'], `expected another key for action CUSTOM, found ${key}`);
}

/** On a port that is no HTTP only addresses, identities and ports are known; a DENY without these denies everything there. */
function checkTcp(check: Check, path: Path, { from = [], to = [] }: AuthorizationRule): void {
  const knows = (part: object | undefined, fields: RegExp) => Object.keys(part ?? {}).some((name) => fields.test(name));
  const tcpSource = from.some(({ source }) => knows(source, /^(not)?(principals|namespaces|(remote)?ipblocks)$/i));
  const tcpOperation = to.some(({ operation }) => knows(operation, /^(not)?ports$/i));
  if ((from.length > 0 && to.length === 0 && !tcpSource) || (to.length > 0 && !tcpOperation))
    check.warning(
      'FW2304',
      path,
      'expected ports beside attributes of HTTP, found none: on ports that are not HTTP this denies every connection',
    );
}
