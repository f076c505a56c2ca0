/** Which proxies are registered: what a node says of itself is believed only as far as it does no harm. */
import { isIP } from 'node:net';
import type { Config } from '../config/config.ts';
import type { Spec } from '../config/kinds.ts';
import type { Proxy } from '../model/proxy.ts';
import { type EntryKey, type EntryObject, entryOf, groupNameOf } from './entry.ts';

/** Undefined when no such group is in force. */
export type GroupOf = (key: EntryKey) => Config<Spec<'WorkloadGroup'>> | undefined;

/** A proxy that cannot be registered, and is not to be served; the message says what was expected. */
export class RegistrationError extends Error {
  override readonly name = 'RegistrationError';
}

/** The entry of a proxy; undefined for one that registers nothing. Throws RegistrationError. */
export function admittedEntry(proxy: Proxy, groupOf: GroupOf): EntryObject | undefined {
  const { namespace, serviceAccount, addresses } = proxy;
  const name = groupNameOf(proxy);
  if (name === undefined) return undefined;
  const group = groupOf({ namespace, name });
  if (group === undefined)
    throw new RegistrationError(
      `expected the WorkloadGroup ${namespace}/${name}, which AUTO_REGISTER_GROUP names, found none in force`,
    );
  const account = group.spec.template?.serviceAccount ?? '';
  if (account !== '' && serviceAccount !== '' && account !== serviceAccount)
    throw new RegistrationError(
      `expected SERVICE_ACCOUNT to be ${account}, as the WorkloadGroup ${namespace}/${name} has it, found ${serviceAccount}`,
    );
  const [address = ''] = addresses;
  if (isIP(address) === 0)
    throw new RegistrationError(
      `expected an IP address in INSTANCE_IPS or the node id beside AUTO_REGISTER_GROUP, found ${JSON.stringify(address)}`,
    );
  const entry = entryOf(proxy, address, group);
  // A name becomes part of a path: nobody says through a node's metadata where that leads.
  if (!isObjectName(entry.metadata.name))
    throw new RegistrationError(
      `expected NETWORK to make a name of Kubernetes with the group and the address, found ${JSON.stringify(entry.metadata.name)}`,
    );
  return entry;
}

function isObjectName(name: string): boolean {
  return /^[a-z\d]([-a-z\d]*[a-z\d])?(\.[a-z\d]([-a-z\d]*[a-z\d])?)*$/.test(name);
}
