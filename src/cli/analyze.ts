/** `fairway analyze`: what only the whole mesh shows. */
import type { Command } from 'commander';
import { conclude, exitCodes, type InspectionArguments, inspectPaths, withInspectionOptions } from './inspected.ts';

export function analyzeCommand(command: Command): Command {
  return withInspectionOptions(
    command
      .description(
        'Look at Kubernetes and Istio YAML as one mesh: rules that others leave nothing for, hosts, subsets, ports and ' +
          'Gateways that are not there, hosts that two objects claim, and whatever else `fairway validate` cannot see.',
      )
      .argument('[paths...]', 'folders and files that state the mesh, or - for standard input', ['.']),
  )
    .addHelpText(
      'after',
      `
Every problem has a line of its own, the objects that it comes from below it, and what to do:
  rules.yaml:12: VirtualService shop/reviews: spec.hosts[0]: expected … found … [FW1001]
      old.yaml:3: VirtualService shop/reviews-2025 has the host since 2025-03-01T00:00:00.000Z: it is older
      hint: put the routes of both into one VirtualService, …

What runs is not asked for: Pods, EndpointSlices and Secrets count where they are among the files, and where none
are, nothing is said of endpoints, of selectors or of certificates.
${exitCodes}

Examples:
  fairway analyze
  fairway analyze --strict -o github mesh/ --mesh-config mesh-config.yaml
  kubectl get services,endpointslices,pods,virtualservices,destinationrules -A -o yaml | fairway analyze -`,
    )
    .action(async (paths: readonly string[], options: InspectionArguments) =>
      conclude(await inspectPaths('mesh', paths, options), options),
    );
}
