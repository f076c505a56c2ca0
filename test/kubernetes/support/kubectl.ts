import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';

export interface KubectlCall {
  readonly program: string;
  readonly kubeconfig: string;
  readonly args: readonly string[];
  /** Its standard input, such as objects for `apply -f -`. */
  readonly input: string;
}

/** Runs kubectl to its end and yields its standard output; rejects with its standard error when it fails. */
export async function runKubectl({ program, kubeconfig, args, input }: KubectlCall): Promise<string> {
  // What it remembers of the cluster goes beside the kubeconfig, not into the user's home.
  const env = { ...process.env, KUBECONFIG: kubeconfig, HOME: dirname(kubeconfig) };
  const child = spawn(program, args, { env });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  if (exitCode !== 0) throw new Error(`kubectl ${args.join(' ')}: ended with ${exitCode}: ${stderr}`);
  return stdout;
}
