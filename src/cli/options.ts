/** Values of options: from the text a user gave to what the code wants, or one clear line. */
import { InvalidArgumentError } from 'commander';
import { componentLevelsForm, isComponentLevel } from '../agent/log-levels.ts';
import { type Address, readAddress } from '../lib/address.ts';
import { itemsIn } from '../lib/comma-list.ts';
import { parseDuration } from '../lib/schema.ts';

/** `127.0.0.1:15010`, `[::1]:15010`, or `:15010` for all addresses. */
export function parseAddress(value: string): Address {
  const address = readAddress(value);
  if (address === undefined)
    throw new InvalidArgumentError(`expected host:port such as 127.0.0.1:15010, found ${JSON.stringify(value)}`);
  return { ...address, host: address.host || '::' };
}

/** Collects an option that may be given several times. */
export function collect(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value];
}

/** A duration such as `10s`, `1m30s` or `500ms`, in milliseconds. */
export function parseWait(value: string): number {
  const ms = parseDuration(value);
  if (ms === undefined || ms < 0)
    throw new InvalidArgumentError(`expected a duration such as 10s, found ${JSON.stringify(value)}`);
  return ms;
}

/** A port that can be connected to. */
export function parsePort(value: string): number {
  const port = Number(value);
  if (!/^\d{1,5}$/.test(value) || port < 1 || port > 65_535)
    throw new InvalidArgumentError(`expected a port from 1 to 65535, found ${JSON.stringify(value)}`);
  return port;
}

/** Levels of Envoy's components, such as `http:debug,upstream:info`, as Envoy takes them. */
export function parseComponentLevels(value: string): string {
  const items = itemsIn(value);
  const bad = items.find((item) => !isComponentLevel(item));
  if (bad !== undefined)
    throw new InvalidArgumentError(`expected ${componentLevelsForm}, found ${JSON.stringify(bad)}`);
  return items.join(',');
}
