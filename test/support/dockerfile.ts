/** Does what a Dockerfile says, without Docker: each stage is a folder, and commands run on this machine with it as their root. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, matchesGlob, relative } from 'node:path';
import { text } from 'node:stream/consumers';

export interface Instruction {
  /** In capitals: `COPY`. */
  readonly name: string;
  readonly value: string;
}

/** What a last stage comes to. */
export interface Image {
  /** Where its files are; `/fairway` of the image is `fairway` in it. */
  readonly folder: string;
  /** Its instructions, those of earlier stages aside. */
  readonly instructions: readonly Instruction[];
  /** Runs its entry point with some arguments instead of those of CMD, to its end; yields what it printed. */
  run(args: readonly string[]): Promise<string>;
}

export interface BuildOptions {
  readonly dockerfile: string;
  readonly dockerignore: string;
  /** The folder that COPY takes files from. */
  readonly context: string;
  /** An empty folder to work in. */
  readonly folder: string;
}

interface Stage {
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

/** Builds all stages in their order. Rejects when a command fails, a file is missing, or an instruction is not known. */
export async function buildImage({ dockerfile, dockerignore, context, folder }: BuildOptions): Promise<Image> {
  const stages = stagesOf(parseDockerfile(dockerfile));
  const isIgnored = ignoring(dockerignore);
  for (const { name, instructions } of stages) {
    const root = join(folder, name);
    let workdir = root;
    for (const { name: what, value } of instructions) {
      if (what === 'WORKDIR') workdir = join(root, value);
      else if (what === 'COPY') copy(value, { workdir, root, context, folder, isIgnored });
      else if (what === 'RUN') await execute('/bin/sh', ['-c', value], workdir);
      else if (!metadata.includes(what)) throw new Error(`expected an instruction that is known, found ${what}`);
    }
  }
  const last = stages.at(-1);
  if (last === undefined) throw new Error('expected a stage, found none');
  const root = join(folder, last.name);
  return {
    folder: root,
    instructions: last.instructions,
    run(args) {
      const entry = JSON.parse(valueOf(last.instructions, 'ENTRYPOINT')) as readonly string[];
      const [program = '', ...rest] = entry.map((part) => (isAbsolute(part) ? join(root, part) : part));
      return execute(program, [...rest, ...args], root);
    },
  };
}

/** What the last instruction of a name says; '' when there is none. */
export function valueOf(instructions: readonly Instruction[], name: string): string {
  return instructions.findLast((instruction) => instruction.name === name)?.value ?? '';
}

/** What changes no file. */
const metadata: readonly string[] = ['LABEL', 'ENV', 'USER', 'EXPOSE', 'ENTRYPOINT', 'CMD'];

/** Comments are left out, and lines that go on are one. */
export function parseDockerfile(dockerfile: string): readonly Instruction[] {
  const lines = dockerfile
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const [, name = '', value = ''] = /^(\S+)\s+(.*)$/.exec(line) ?? [];
    return { name: name.toUpperCase(), value };
  });
}

function stagesOf(instructions: readonly Instruction[]): readonly Stage[] {
  const starts = instructions.flatMap(({ name }, i) => (name === 'FROM' ? [i] : []));
  return starts.map((start, i) => {
    const [, name = 'final'] = / AS (\S+)$/i.exec(instructions[start]?.value ?? '') ?? [];
    return { name, instructions: instructions.slice(start + 1, starts[i + 1]) };
  });
}

/** Which files of the context do not exist for COPY: the last pattern that names a path or a folder around it decides. */
function ignoring(dockerignore: string): (path: string) => boolean {
  const patterns = dockerignore.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return (path) => {
    const parts = path.split('/');
    const around = parts.map((_, i) => parts.slice(0, i + 1).join('/'));
    const last = patterns.findLast((pattern) => around.some((part) => matchesGlob(part, pattern.replace(/^!/, ''))));
    return last !== undefined && !last.startsWith('!');
  };
}

interface CopyPlace {
  readonly workdir: string;
  readonly root: string;
  readonly context: string;
  readonly folder: string;
  readonly isIgnored: (path: string) => boolean;
}

function copy(value: string, { workdir, root, context, folder, isIgnored }: CopyPlace): void {
  const words = value.split(/\s+/);
  const [, from] = /^--from=(\S+)$/.exec(words[0] ?? '') ?? [];
  const sources = words.slice(from === undefined ? 0 : 1, -1);
  const target = words.at(-1) ?? '';
  const home = from === undefined ? context : join(folder, from);
  const isHidden = (path: string) => from === undefined && path !== home && isIgnored(relative(home, path));
  for (const source of sources) {
    const path = join(home, source);
    if (!existsSync(path) || isHidden(path)) throw new Error(`COPY: expected ${source}, found nothing of that name`);
    const place = join(isAbsolute(target) ? root : workdir, target);
    const to = target.endsWith('/') && statSync(path).isFile() ? join(place, basename(path)) : place;
    mkdirSync(dirname(to), { recursive: true });
    cpSync(path, to, { recursive: true, verbatimSymlinks: true, filter: (file) => !isHidden(file) });
  }
}

/** Runs a program with this Node first on its path, and yields its standard output; rejects with what it printed when it fails. */
async function execute(program: string, args: readonly string[], cwd: string): Promise<string> {
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}` };
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  if (exitCode !== 0) throw new Error(`${program} ${args.join(' ')}: ended with ${exitCode}: ${stdout}${stderr}`);
  return stdout;
}
