/**
 * Does what a Dockerfile says, without Docker: each stage is a folder, and commands run on this machine with it as their root;
 * what apt-get would install is only told.
 */
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

/** What a target comes to. */
export interface Image {
  /** Where its files are; `/fairway` of the image is `fairway` in it. */
  readonly folder: string;
  /** Its instructions after those of the stages that it begins with. */
  readonly instructions: readonly Instruction[];
  /** What apt-get would install, beside what is in the base image. Sorted. */
  readonly packages: readonly string[];
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
  /** The stage that it begins with, or the name of a base image. */
  readonly base: string;
  readonly instructions: readonly Instruction[];
}

/**
 * Builds all stages in their order; yields those that end in an image by their names, that of the last one being `final`. Rejects when
 * a command fails, a file is missing, or an instruction is not known.
 */
export async function buildImages(options: BuildOptions): Promise<ReadonlyMap<string, Image>> {
  const { dockerfile, dockerignore, context, folder } = options;
  const isIgnored = ignoring(dockerignore);
  const images = new Map<string, Image>();
  for (const { name, base, instructions } of stagesOf(parseDockerfile(dockerfile))) {
    const root = join(folder, name);
    const before = images.get(base);
    if (before !== undefined) cpSync(before.folder, root, { recursive: true, verbatimSymlinks: true });
    const all = [...(before?.instructions ?? []), ...instructions];
    let workdir = join(root, valueOf(before?.instructions ?? [], 'WORKDIR'));
    for (const { name: what, value } of instructions) {
      if (what === 'WORKDIR') workdir = join(root, value);
      else if (what === 'COPY') copy(value, { workdir, root, context, folder, isIgnored });
      // It would change this machine.
      else if (what === 'RUN' && !isOfApt(value)) await execute('/bin/sh', ['-c', value], workdir);
      else if (what !== 'RUN' && !metadata.includes(what))
        throw new Error(`expected an instruction that is known, found ${what}`);
    }
    const packages = instructions.filter(({ value }) => isOfApt(value)).flatMap(({ value }) => installedBy(value));
    images.set(name, imageOf(root, all, [...(before?.packages ?? []), ...packages].sort()));
  }
  return images;
}

function imageOf(root: string, instructions: readonly Instruction[], packages: readonly string[]): Image {
  return {
    folder: root,
    instructions,
    packages,
    run(args) {
      const entry = JSON.parse(valueOf(instructions, 'ENTRYPOINT')) as readonly string[];
      const [program = '', ...rest] = entry.map((part) => (isAbsolute(part) ? join(root, part) : part));
      return execute(program, [...rest, ...args], root, [join(root, 'usr/local/bin')]);
    },
  };
}

function isOfApt(command: string): boolean {
  return command.startsWith('apt-get ');
}

/** Options aside. */
function installedBy(command: string): readonly string[] {
  const [, words = ''] = /\bapt-get install ([^&]*)/.exec(command) ?? [];
  return words.split(/\s+/).filter((word) => word !== '' && !word.startsWith('-'));
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
    const [, base = '', name = 'final'] = /^(\S+)(?: AS (\S+))?$/i.exec(instructions[start]?.value ?? '') ?? [];
    return { name, base, instructions: instructions.slice(start + 1, starts[i + 1]) };
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

/**
 * Runs a program with some folders and this Node first on its path, and yields its standard output; rejects with what it printed when it
 * fails.
 */
async function execute(
  program: string,
  args: readonly string[],
  cwd: string,
  folders: readonly string[] = [],
): Promise<string> {
  const path = [...folders, dirname(process.execPath), process.env.PATH ?? ''].join(':');
  const child = spawn(program, args, { cwd, env: { ...process.env, PATH: path }, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  if (exitCode !== 0) throw new Error(`${program} ${args.join(' ')}: ended with ${exitCode}: ${stdout}${stderr}`);
  return stdout;
}
