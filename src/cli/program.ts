/** The command line: every command with its help. */
import { Command } from 'commander';
import { analyzeCommand } from './analyze.ts';
import { applyCommand } from './apply.ts';
import { bootstrapCommand } from './bootstrap.ts';
import { crdsCommand } from './crds.ts';
import { deleteCommand } from './delete.ts';
import { injectCommand } from './inject.ts';
import { iptablesCommand } from './iptables.ts';
import { proxyCommand } from './proxy.ts';
import { registriesCommand } from './registries.ts';
import { serveCommand } from './serve.ts';
import { upCommand } from './up.ts';
import { validateCommand } from './validate.ts';
import { version } from './version.ts';
import { workloadCommand } from './workload.ts';

export function createProgram(): Command {
  const program = new Command('fairway')
    .description("A service-mesh control plane for Envoy, compatible with Istio's traffic API.")
    .version(version)
    .showHelpAfterError('(run with --help for all options)');
  upCommand(program.command('up'));
  serveCommand(program.command('serve'));
  validateCommand(program.command('validate'));
  analyzeCommand(program.command('analyze'));
  applyCommand(program.command('apply'));
  deleteCommand(program.command('delete'));
  registriesCommand(program.command('registries'));
  crdsCommand(program.command('crds'));
  injectCommand(program.command('inject'));
  proxyCommand(program.command('proxy'));
  iptablesCommand(program.command('iptables'));
  workloadCommand(program.command('workload'));
  bootstrapCommand(program.command('bootstrap'));
  return program;
}
