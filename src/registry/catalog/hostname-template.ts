/** Further names of services, made after a template: `{name}.shop.svc.cluster.local`. */
import type { Hostname } from '../../model/hostname.ts';

/** What is wrong with a template whose placeholders can be these; undefined when nothing is. */
export function templateFault(template: string, placeholders: readonly string[]): string | undefined {
  const known = placeholders.map((name) => `{${name}}`);
  const found: readonly string[] = template.match(/\{[^}]*\}?/g) ?? [];
  const unknown = found.find((one) => !known.includes(one));
  if (unknown !== undefined) return `expected the placeholders ${known.join(', ')}, found ${unknown}`;
  return found.includes('{name}') ? undefined : `expected {name} in an alias, found ${JSON.stringify(template)}`;
}

/** The name that comes of a template, in lower case. */
export function fillTemplate(template: string, values: { readonly [placeholder: string]: string }): Hostname {
  return template.replace(/\{([^}]*)\}/g, (whole, name: string) => values[name] ?? whole).toLowerCase();
}
