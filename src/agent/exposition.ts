/**
 * The two formats of metrics as texts: Prometheus' own, and OpenMetrics, which alone has exemplars.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */

export type Format = 'text' | 'openMetrics';

export interface Exposition {
  readonly contentType: string;
  readonly body: string;
}

export const contentTypes: { readonly [format in Format]: string } = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openMetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** What to ask for in the name of somebody who accepts so much. Other formats than texts cannot be merged. */
export function acceptedTexts(accept: string | undefined): string {
  return accept?.includes('application/openmetrics-text')
    ? 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5'
    : 'text/plain;version=0.0.4';
}

/** The format of an answer; undefined when it is none, such as a web page. Without a type it is Prometheus' own. */
export function formatOf(contentType: string | undefined): Format | undefined {
  if (contentType?.startsWith('application/openmetrics-text')) return 'openMetrics';
  return contentType === undefined || /^text\/plain\s*(;|$)/i.test(contentType) ? 'text' : undefined;
}

/** OpenMetrics ends a text with a line that must stand nowhere else. */
export function withoutEnd(text: string): string {
  return text.replace(/^# EOF\n?/gm, '');
}

/**
 * Prometheus' own format as OpenMetrics, without an end; metrics keep their names. There a counter is the family of the name
 * without `_total`; one that has no such name is of an unknown type.
 */
export function openMetricsOf(text: string): string {
  const counters = new Set([...text.matchAll(/^# TYPE (\S+) counter$/gm)].map(([, name = '']) => name));
  const family = (name: string) => (counters.has(name) ? name.replace(/_total$/, '') : name);
  const typeOf = (name: string, type: string) =>
    type === 'untyped' || (type === 'counter' && !name.endsWith('_total')) ? 'unknown' : type;
  return text
    .replace(/^\s*\n/gm, '')
    .replace(/^#(?! (?:HELP|TYPE) ).*\n/gm, '')
    .replace(/^# HELP (\S+)/gm, (_, name: string) => `# HELP ${family(name)}`)
    .replace(
      /^# TYPE (\S+) (\S+)$/gm,
      (_, name: string, type: string) => `# TYPE ${family(name)} ${typeOf(name, type)}`,
    );
}
