/** Options of `serve` for rules that come from elsewhere than a cluster or files. */
import { type Command, Option } from 'commander';
import type { ServedApi } from '../discovery-server.ts';
import type { Address } from '../lib/address.ts';
import { isLoopback } from '../lib/ip.ts';
import type { Log } from '../lib/log.ts';
import type { ObjectSource } from '../model/object-source.ts';
import { ObjectStore } from '../rules-api/object-store.ts';
import { createRulesApi } from '../rules-api/server.ts';
import type { StateFolder } from '../state/state-folder.ts';
import { collect, parseAddress } from './options.ts';
import type { StateArguments } from './state.ts';

export interface RulesArguments {
  readonly apiAddress?: Address;
  readonly apiTokenFile?: string;
  readonly apiCert?: string;
  readonly apiKey?: string;
  readonly consulRules: readonly string[];
}

/** Adds the options of RulesArguments to a command. */
export function withRulesOptions(command: Command): Command {
  return command
    .option(
      '--consul-rules <url>',
      "rules in Consul's KV, such as http://127.0.0.1:8500?prefix=fairway/rules; repeatable",
      collect,
      [],
    )
    .addOption(
      new Option(
        '--api-address <host:port>',
        'where rules are put over HTTP (fairway apply); needs --api-token-file and --state-dir',
      ).argParser(parseAddress),
    )
    .option('--api-token-file <file>', 'who may: a token of at least 16 characters on each line, watched')
    .option('--api-cert <file>', "the API's certificate in PEM, those that vouch for it after it; watched")
    .option('--api-key <file>', 'its private key in PEM, watched; without both, --api-address is on loopback');
}

/** Rules that come over HTTP. */
export interface RulesApi {
  readonly source: ObjectSource;
  readonly api: ServedApi;
}

/**
 * The API that the options ask for, once it has the folder that is kept. Ends the process with one line when they ask for half
 * of one, before anything is made.
 */
export function rulesApiOf(
  options: RulesArguments & StateArguments,
  command: Command,
  log: Log,
): ((folder: StateFolder) => RulesApi) | undefined {
  const { apiAddress: address, apiTokenFile: tokenPath, apiCert: certPath, apiKey: keyPath, stateDir } = options;
  if (address === undefined) {
    const found = Object.entries({ 'token-file': tokenPath, cert: certPath, key: keyPath }).find(([, value]) => value);
    if (found !== undefined)
      command.error(`error: expected --api-address <host:port> with --api-${found[0]}, found none`);
    return undefined;
  }
  if (tokenPath === undefined || stateDir === undefined)
    return command.error(
      `error: expected --api-token-file <file> and --state-dir <folder> with --api-address, found ${tokenPath === undefined && stateDir === undefined ? 'neither' : 'only one of them'}`,
    );
  if ((certPath === undefined) !== (keyPath === undefined))
    return command.error('error: expected --api-cert <file> and --api-key <file> together, found one of them');
  const tls = certPath === undefined || keyPath === undefined ? undefined : { certPath, keyPath };
  if (tls === undefined && !isLoopback(address.host === 'localhost' ? '127.0.0.1' : address.host))
    return command.error(
      'error: expected --api-cert <file> and --api-key <file>, or an --api-address on loopback: tokens do not travel in plaintext',
    );
  return (folder) => {
    const store = new ObjectStore({ folder: folder.folder('objects'), now: Date.now });
    const common = { store, tokenPath, log, ...(tls === undefined ? {} : { tls }) };
    return {
      source: store.source,
      api: {
        address,
        scheme: tls === undefined ? 'http' : 'https',
        create: (originsOf) => createRulesApi({ ...common, originsOf }),
      },
    };
  };
}
