/** Whether the value of an EnvoyFilter's patch is a message that Envoy has, and one that the patch can make use of. */
import { statedDefaults } from '../../descriptors/defaults.ts';
import { patchedTypes } from '../../descriptors/patched-types.ts';
import { readJson } from '../../descriptors/read-json.ts';
import type { Path } from '../../lib/schema.ts';
import type { ApplyTo, Operation } from '../patch-operation.ts';
import type { Check } from './check.ts';

type Value = { readonly [field: string]: unknown };

/** `at` is the place of the value. What is unknown is left out with a warning, since a newer Envoy may know it. */
export function checkPatchValue(check: Check, at: Path, applyTo: ApplyTo, operation: Operation, value: Value): void {
  if (operation === 'REMOVE') {
    check.warning('FW0602', at, 'expected no value for operation REMOVE, found one: it has no effect');
    return;
  }
  const typeName = patchedTypes[applyTo];
  readJson(typeName, value, at, ({ kind, path, message }) => {
    if (kind === 'misfit') check.error('FW0603', path, message);
    else check.warning('FW0603', path, `${message}: it has no effect`);
  });
  if (operation === 'MERGE' || operation === 'MERGE_AND_REPLACE_LIST') {
    for (const path of statedDefaults(typeName, value, at))
      check.warning(
        'FW0602',
        path,
        'expected a value other than the default, found the default: merging leaves what is there as it is',
      );
    return;
  }
  checkAddition(check, at, applyTo, value);
}

const named: ReadonlySet<ApplyTo> = new Set(['CLUSTER', 'LISTENER', 'EXTENSION_CONFIG']);
const filters: ReadonlySet<ApplyTo> = new Set(['NETWORK_FILTER', 'HTTP_FILTER', 'LISTENER_FILTER']);

/** What is added must be whole. */
function checkAddition(check: Check, at: Path, applyTo: ApplyTo, value: Value): void {
  const { name } = value;
  if (named.has(applyTo) && (typeof name !== 'string' || name === ''))
    check.warning('FW0602', [...at, 'name'], 'expected a name for what is added, found none: it has no effect');
  const configures = ['typed_config', 'typedConfig', 'config_discovery', 'configDiscovery'];
  if (filters.has(applyTo) && !configures.some((field) => value[field] !== undefined && value[field] !== null))
    check.warning(
      'FW0603',
      at,
      `expected typed_config or config_discovery, found neither: Envoy finds a filter by the type of its configuration`,
    );
}
