/** `fairway apply`: rules to a control plane without Kubernetes. */
import type { Command } from 'commander';
import type { KubernetesObject } from '../model/kubernetes-object.ts';
import type { RulesClient } from '../rules-api/client.ts';
import { problemText } from './report.ts';
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

export function applyCommand(command: Command): Command {
  return withRulesClientOptions(
    command.description(
      'Put the rules of files into a running control plane, over its API: for meshes without Kubernetes. Each object is ' +
        'checked before it is kept; one that is refused leaves what was in force before.',
    ),
  )
    .addHelpText(
      'after',
      `
Each object has a line: created, configured, unchanged, or refused with what is wrong, by file and line.
${rulesExitCodes}

Examples:
  fairway apply -f rules/ --server https://fairway.example:15016 --token-file token
  fairway apply -f - < rule.yaml                         with FAIRWAY_SERVER and FAIRWAY_TOKEN_FILE`,
    )
    .action(async (options: RulesClientArguments) => {
      if (options.filename.length === 0) command.error('error: expected -f <path> with objects to apply, found none');
      const { objects, problems } = await readObjects(options.filename, command);
      for (const problem of problems) process.stdout.write(`${problemText(problem)}\n`);
      await withClient(options, command, async (client) => {
        let isGood = problems.every(({ severity }) => severity !== 'error');
        for (const object of objects) isGood = (await apply(client, object)) && isGood;
        return isGood;
      });
    });
}

async function apply(client: RulesClient, object: KubernetesObject): Promise<boolean> {
  const place = placeOfObject(object);
  return report(object, place === undefined ? foreign : await client.put(place, object.value));
}
