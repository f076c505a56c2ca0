/** `fairway workload`: the files with which a machine joins the mesh as a workload of a WorkloadGroup. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { WorkloadFilesError, type WorkloadFilesOptions, workloadFiles } from '../agent/workload-files.ts';
import { decodeConfig } from '../config/decode.ts';
import { istioKind } from '../config/kinds.ts';
import { type Address, formatAddress } from '../lib/address.ts';
import { isRecord } from '../lib/schema.ts';
import type { KubernetesObject } from '../model/kubernetes-object.ts';
import { parseAddress } from './options.ts';
import { problemText } from './report.ts';
import { readObjects } from './rules-client.ts';

interface WorkloadArguments {
  readonly discoveryAddress: Address;
  readonly output: string;
  readonly name?: string;
  readonly ip?: string;
  readonly network?: string;
  readonly clusterId: string;
  readonly interception: boolean;
}

export function workloadCommand(command: Command): Command {
  return command
    .description(
      'Write the files with which a machine joins the mesh as a workload of a WorkloadGroup: variables and a ProxyConfig for ' +
        'fairway proxy.',
    )
    .argument('<file>', 'YAML with the WorkloadGroup')
    .addOption(
      new Option('--discovery-address <host:port>', 'where the machine reaches the control plane')
        .argParser(parseAddress)
        .makeOptionMandatory(),
    )
    .option('-o, --output <folder>', 'where the files go', '.')
    .option('--name <name>', 'the name of the machine, when the files are for one alone')
    .addOption(
      new Option(
        '--ip <address>',
        'the address at which others reach it, or several with commas between them, when the files are for one alone',
      ).argParser(parseIps),
    )
    .option('--network <name>', "its network, when it is not that of the group's template")
    .option('--cluster-id <id>', 'the cluster whose control plane that is', 'Kubernetes')
    .option('--no-interception', 'for a machine without the rules of fairway iptables')
    .addHelpText(
      'after',
      `
Examples:
  fairway workload stock.yaml --discovery-address fairway.example:15010 -o vm/
  fairway workload stock.yaml --discovery-address 10.0.0.2:15010 --name vm-1 --ip 10.20.0.7 -o vm-1/`,
    )
    .action(write);
}

async function write(file: string, options: WorkloadArguments, command: Command): Promise<void> {
  const { discoveryAddress, output, name, ip, network, clusterId, interception } = options;
  const group = await groupIn(file, command);
  try {
    const files = workloadFiles({
      group: { ...group, network: network ?? group.network },
      discoveryAddress: formatAddress(discoveryAddress),
      cluster: clusterId,
      isIntercepted: interception,
      ...(name === undefined ? {} : { name }),
      ...(ip === undefined ? {} : { ip }),
    });
    mkdirSync(output, { recursive: true });
    for (const [path, text] of Object.entries(files)) writeFileSync(join(output, path), text);
  } catch (error) {
    const { message } = error as Error;
    command.error(`error: ${error instanceof WorkloadFilesError ? message : `cannot write to ${output}: ${message}`}`);
  }
  process.stdout.write(`wrote cluster.env and proxy-config.yaml to ${output}; on the machine, in that folder:\n`);
  if (interception) process.stdout.write('  fairway iptables --exclude-inbound-ports 22 --dns-port 15053\n');
  const machine = [...(name === undefined ? ['POD_NAME'] : []), ...(ip === undefined ? ['INSTANCE_IP'] : [])];
  const also = machine.length === 0 ? '' : `, with ${machine.join(' and ')} of the machine`;
  process.stdout.write(`  set -a; . ./cluster.env; fairway proxy --proxy-config proxy-config.yaml${also}\n`);
}

function parseIps(value: string): string {
  const wrong = value.split(',').find((part) => isIP(part.trim()) === 0);
  if (wrong === undefined) return value;
  throw new InvalidArgumentError(`expected IP addresses with commas between, found ${JSON.stringify(wrong)}`);
}

/** Ends the process with what is wrong when the file does not hold one WorkloadGroup that can be used. */
async function groupIn(file: string, command: Command): Promise<WorkloadFilesOptions['group']> {
  const { objects, problems } = await readObjects([file], command);
  const groups = objects.filter((object) => istioKind(object) === 'WorkloadGroup');
  const [group] = groups;
  const wrong = problems.filter(({ severity }) => severity === 'error');
  if (wrong.length > 0) return command.error(wrong.map(problemText).join('\n'));
  if (group === undefined || groups.length > 1)
    return command.error(`error: expected one WorkloadGroup in ${file}, found ${groups.length}`);
  return toGroup(group, command);
}

function toGroup(object: KubernetesObject, command: Command): WorkloadFilesOptions['group'] {
  const { config, problems } = decodeConfig('WorkloadGroup', object);
  if (config === undefined) return command.error(problems.map(problemText).join('\n'));
  const { template = {}, metadata = {} } = config.spec;
  const { probe } = isRecord(config.stated) ? config.stated : {};
  return {
    namespace: config.namespace,
    name: config.name,
    labels: { ...template.labels, ...metadata.labels },
    serviceAccount: template.serviceAccount ?? '',
    network: template.network ?? '',
    ...(probe === undefined ? {} : { probe }),
  };
}
