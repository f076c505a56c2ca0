import { parseArgs } from 'node:util';

/** What a benchmark is told on the command line, all of it whole numbers above 0; these are the defaults. */
export function numbersOf<Name extends string>(
  command: string,
  defaults: { readonly [name in Name]: number },
): { readonly [name in Name]: number } {
  const names = Object.keys(defaults) as Name[];
  const usage = `Usage: npm run bench -- ${[command, ...names.map((name) => `[--${name} ${defaults[name]}]`)].join(' ').trim()}`;
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean' },
      ...Object.fromEntries(names.map((name) => [name, { type: 'string' } as const])),
    },
  });
  const { help, ...stated } = values as {
    readonly help?: boolean;
    readonly [name: string]: string | boolean | undefined;
  };
  const isValid = Object.values(stated).every((value) => /^[1-9]\d{0,6}$/.test(String(value)));
  if (help === true || !isValid) {
    console.log(usage);
    process.exit(help === true ? 0 : 2);
  }
  return { ...defaults, ...Object.fromEntries(Object.entries(stated).map(([name, value]) => [name, Number(value)])) };
}
