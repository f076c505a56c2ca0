/** `fairway delete`: takes rules back that were put over HTTP. */
import type { Command } from 'commander';
import { customResources, isMeant } from '../config/custom-resources.ts';
import type { KubernetesObject } from '../model/kubernetes-object.ts';
import type { Answer, RulesClient } from '../rules-api/client.ts';
import {
  foreign,
  placeOfObject,
  type RulesClientArguments,
  readObjects,
  report,
  rulesExitCodes,
  withClient,
  withRulesClientOptions,
} from './rules-client.ts';

interface Arguments extends RulesClientArguments {
  readonly ignoreNotFound?: true;
}

export function deleteCommand(command: Command): Command {
  return withRulesClientOptions(
    command
      .description(
        'Delete rules that were put into a running control plane over its API. What other sources state under the same ' +
          'names is in force then.',
      )
      .argument('[kind]', 'the kind of one object, as kubectl takes it: VirtualService, virtualservices, vs')
      .argument('[name]', 'its namespace and name, such as shop/reviews')
      .option('--ignore-not-found', 'an object that is not there is none that is missing'),
  )
    .addHelpText(
      'after',
      `${rulesExitCodes}

Examples:
  fairway delete -f rules/ --server https://fairway.example:15016 --token-file token
  fairway delete VirtualService shop/reviews             with FAIRWAY_SERVER and FAIRWAY_TOKEN_FILE`,
    )
    .action(async (kind: string | undefined, name: string | undefined, options: Arguments) => {
      const stated = (await readObjects(options.filename, command)).objects;
      const named = kind === undefined ? [] : [objectNamed(kind, name, command)];
      if (named.length + options.filename.length === 0)
        command.error('error: expected -f <path>, or a kind and namespace/name, found neither');
      await withClient(options, command, async (client) => {
        let isGood = true;
        for (const object of [...named, ...stated]) {
          const answer = await remove(client, object);
          const isMissed = answer.status !== 404 || options.ignoreNotFound !== true;
          isGood = report(object, isMissed ? answer : { ...answer, result: 'not found' }) && isGood;
        }
        return isGood;
      });
    });
}

function objectNamed(kindName: string, fullName: string | undefined, command: Command): KubernetesObject {
  const resource = customResources.find((known) => isMeant(kindName, known));
  if (resource === undefined)
    return command.error(
      `error: expected one of ${customResources.map((known) => known.kind).join(', ')}, found ${kindName}`,
    );
  const [, namespace, name] = /^([^/]+)\/([^/]+)$/.exec(fullName ?? '') ?? [];
  if (namespace === undefined || name === undefined)
    return command.error(`error: expected namespace/name such as shop/reviews, found ${fullName ?? 'nothing'}`);
  const { group, kind, versions } = resource;
  const identity = { kind, namespace, name };
  const rest = { createdAt: 0, labels: {}, annotations: {}, value: {}, origin: identity };
  return { ...identity, group, version: versions[0], ...rest };
}

function remove(client: RulesClient, object: KubernetesObject): Promise<Answer> {
  const place = placeOfObject(object);
  return place === undefined ? Promise.resolve(foreign) : client.delete(place);
}
