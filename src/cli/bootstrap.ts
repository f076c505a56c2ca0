/** `fairway bootstrap`: the bootstrap of an Envoy, for whoever starts Envoys without `fairway proxy`. */
import { Argument, type Command } from 'commander';
import { bootstrap } from '../agent/bootstrap.ts';
import { envoyArguments } from '../agent/proxy-bootstrap.ts';
import { writeOutput } from './output.ts';
import { type ProxyArguments, proxySettings, withProxyOptions } from './proxy-options.ts';

interface BootstrapArguments extends ProxyArguments {
  readonly output?: string;
}

export function bootstrapCommand(command: Command): Command {
  return withProxyOptions(
    command
      .description(
        'Write the bootstrap of an Envoy that is a sidecar or a gateway of the mesh. Who it is comes from options, else from the ' +
          "environment and the files of the downward API as Istio's injection gives them to a pod.",
      )
      .addArgument(new Argument('[type]', 'what the Envoy is').choices(['sidecar', 'router']).default('sidecar'))
      .option('-o, --output <file>', 'where to write it; standard output when absent'),
  )
    .addHelpText(
      'after',
      `
Examples:
  fairway bootstrap --pod web-1 --namespace shop --ip 10.0.0.7 --labels app=web,version=v1 -o envoy.json
  fairway bootstrap router --pod ingress-1 --namespace istio-system --ip 10.0.0.8 --discovery-address fairway:15010`,
    )
    .action(write);
}

function write(type: 'sidecar' | 'router', options: BootstrapArguments, command: Command): void {
  const { envoy, bootstrapOptions } = proxySettings(type, options, command);
  const text = `${JSON.stringify(bootstrap(bootstrapOptions), null, 2)}\n`;
  writeOutput(text, options.output, command);
  if (options.output === undefined) return;
  process.stdout.write(`wrote ${options.output}; start Envoy with\n`);
  process.stdout.write(`  envoy ${envoyArguments(options.output, envoy).join(' ')}\n`);
}
