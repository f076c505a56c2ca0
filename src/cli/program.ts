/** The command line: every command with its help. */
import { Command, type CommanderError } from 'commander';
import { version } from './version.ts';

type Describe = (command: Command) => Command;

/** Each is read when it is asked for: what runs in every pod is not to hold what a control plane is made of. */
const commands: Readonly<Record<string, () => Promise<Describe>>> = {
  up: async () => (await import('./up.ts')).upCommand,
  serve: async () => (await import('./serve.ts')).serveCommand,
  validate: async () => (await import('./validate.ts')).validateCommand,
  analyze: async () => (await import('./analyze.ts')).analyzeCommand,
  apply: async () => (await import('./apply.ts')).applyCommand,
  delete: async () => (await import('./delete.ts')).deleteCommand,
  registries: async () => (await import('./registries.ts')).registriesCommand,
  crds: async () => (await import('./crds.ts')).crdsCommand,
  inject: async () => (await import('./inject.ts')).injectCommand,
  proxy: async () => (await import('./proxy.ts')).proxyCommand,
  iptables: async () => (await import('./iptables.ts')).iptablesCommand,
  workload: async () => (await import('./workload.ts')).workloadCommand,
  bootstrap: async () => (await import('./bootstrap.ts')).bootstrapCommand,
};

/** Wrong usage ends with 2; what commands find wrong later, and tell by `command.error`, with 1 unless they say otherwise. */
function endUsage({ code, exitCode }: CommanderError): never {
  process.exit(exitCode !== 0 && code !== 'commander.error' ? 2 : exitCode);
}

/** With the command that is asked for; with all of them when it is none of them, or nobody asks. */
export async function createProgram(asked = ''): Promise<Command> {
  const program = new Command('fairway')
    .description("A service-mesh control plane for Envoy, compatible with Istio's traffic API.")
    .version(version)
    .showHelpAfterError('(run with --help for all options)')
    .exitOverride(endUsage);
  for (const [name, load] of Object.entries(commands)) {
    if (asked !== name && Object.hasOwn(commands, asked)) continue;
    const describe = await load();
    describe(program.command(name));
  }
  return program;
}
