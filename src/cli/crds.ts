/** `fairway crds`: the definitions of Istio's kinds, for clusters that do not have them. */
import { type Command, Option } from 'commander';
import { stringify } from 'yaml';
import { customResources, isMeant } from '../config/custom-resources.ts';
import { type CustomResourceDefinition, customResourceDefinition } from '../crds/definition.ts';
import { collect } from './options.ts';

interface Arguments {
  readonly kind?: readonly string[];
  readonly output: 'yaml' | 'json';
}

export function crdsCommand(command: Command): Command {
  return command
    .description(
      "Print CustomResourceDefinitions of Istio's kinds, with whole schemas: kubectl explain, and refusals by the API server.",
    )
    .option('--kind <kind>', 'only this kind, such as VirtualService; may be given several times', collect)
    .addOption(
      new Option('-o, --output <format>', 'yaml as a stream of documents, or json as one List')
        .choices(['yaml', 'json'])
        .default('yaml'),
    )
    .addHelpText(
      'after',
      `
Examples:
  fairway crds | kubectl apply --server-side -f -
  fairway crds --kind VirtualService --kind DestinationRule
  fairway crds -o json | jq -r '.items[].metadata.name'`,
    )
    .action(({ kind: wanted, output }: Arguments) => {
      const unknown = wanted?.find((kind) => customResources.every((resource) => !isMeant(kind, resource)));
      if (unknown !== undefined)
        command.error(`error: expected one of ${customResources.map(({ kind }) => kind).join(', ')}, found ${unknown}`);
      const definitions = customResources
        .filter((resource) => wanted === undefined || wanted.some((kind) => isMeant(kind, resource)))
        .map(customResourceDefinition);
      process.stdout.write(output === 'json' ? asJson(definitions) : asYaml(definitions));
    });
}

function asJson(items: readonly CustomResourceDefinition[]): string {
  return `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, null, 2)}\n`;
}

function asYaml(definitions: readonly CustomResourceDefinition[]): string {
  return definitions
    .map((definition) => `---\n${stringify(definition, { aliasDuplicateObjects: false, lineWidth: 0 })}`)
    .join('');
}
