/** `fairway validate`: what is wrong with objects by themselves, before they run. */
import type { Command } from 'commander';
import { conclude, exitCodes, type InspectionArguments, inspectPaths, withInspectionOptions } from './inspected.ts';

export function validateCommand(command: Command): Command {
  return withInspectionOptions(
    command
      .description(
        'Check Kubernetes and Istio YAML before it runs: each object by itself, against its schema and all rules that ' +
          'Istio refuses objects by.',
      )
      .argument('[paths...]', 'files, folders with .yaml, .yml and .json files, or - for standard input'),
  )
    .addHelpText(
      'after',
      `
Every problem has a line of its own, with a code that docs/errors explains:
  rules.yaml:12: VirtualService shop/reviews: spec.http[0].route[1].weight: expected … found … [FW0106]
${exitCodes}

Examples:
  fairway validate rules.yaml mesh/
  fairway validate --strict -o github mesh/              in a pull request
  kubectl get virtualservices -A -o yaml | fairway validate -
  fairway validate --mesh-config mesh-config.yaml`,
    )
    .action(async (paths: readonly string[], options: InspectionArguments) => {
      if (paths.length === 0 && options.meshConfig === undefined)
        command.error('error: expected files or folders to check, found none');
      conclude(await inspectPaths('objects', paths, options), options);
    });
}
