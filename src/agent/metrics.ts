/** One answer for Prometheus out of what Envoy, the application and the agent say each. */
import type { IncomingHttpHeaders } from 'node:http';
import {
  acceptedTexts,
  contentTypes,
  type Exposition,
  type Format,
  formatOf,
  openMetricsOf,
  withoutEnd,
} from './exposition.ts';
import { ask, type Question } from './http-get.ts';

/** Where the application has metrics, as its annotations `prometheus.io/*` say. */
export interface ApplicationMetrics {
  readonly port: number;
  readonly path: string;
}

/** What ISTIO_PROMETHEUS_ANNOTATIONS cannot be read as. */
export class ApplicationMetricsError extends Error {
  override readonly name = 'ApplicationMetricsError';
}

/**
 * Reads ISTIO_PROMETHEUS_ANNOTATIONS, which injection writes; undefined where the application has no metrics. Who is asked at
 * the port of the agent would ask the agent. Throws ApplicationMetricsError.
 */
export function parsePrometheusAnnotations(
  text: string | undefined,
  agentPort: number,
): ApplicationMetrics | undefined {
  if (text === undefined || text === '') return undefined;
  const { scrape, port = '80', path } = annotationsIn(text);
  if (scrape === 'false') return undefined;
  const number = Number(port);
  if (!/^\d+$/.test(port) || number < 1 || number > 65_535 || number === agentPort)
    throw new ApplicationMetricsError(
      `ISTIO_PROMETHEUS_ANNOTATIONS: expected a port of the application, which is not ${agentPort}, found ${JSON.stringify(port)}`,
    );
  return { port: number, path: path === undefined || path === '' ? '/metrics' : path };
}

interface Annotations {
  readonly scrape?: string;
  readonly port?: string;
  readonly path?: string;
}

function annotationsIn(text: string): Annotations {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Told below.
  }
  throw new ApplicationMetricsError(`ISTIO_PROMETHEUS_ANNOTATIONS: expected JSON, found ${JSON.stringify(text)}`);
}

/** Who asks, in what others are told of it. */
export interface Scraper {
  readonly accept: string | undefined;
  /** How long others may take to answer. */
  readonly timeoutMs: number;
  /** What the application is told of who asks. */
  readonly headers: { readonly [name: string]: string };
}

const usualTimeoutMs = 5000;
const timeoutField = 'x-prometheus-scrape-timeout-seconds';
/** How much earlier than Prometheus itself we give up, as a share of 1: whoever has answered is to be told by then. */
const margin = 0.1;

/** Prometheus says how long it waits. */
export function scraperOf(headers: IncomingHttpHeaders): Scraper {
  const seconds = Number(headers[timeoutField]);
  const passedOn = ['user-agent', timeoutField].flatMap((name) => {
    const value = headers[name];
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  return {
    accept: headers.accept,
    timeoutMs: seconds > 0 && seconds <= 3600 ? seconds * 1000 * (1 - margin) : usualTimeoutMs,
    headers: Object.fromEntries(passedOn),
  };
}

type Source = Omit<Question, 'headers' | 'timeoutMs'>;

export interface MetricSources {
  readonly envoy: Source;
  readonly application?: Source;
  /** The agent's own. */
  readonly own: () => Promise<string>;
  readonly onFailure: (source: 'envoy' | 'application', error: Error) => void;
}

/**
 * All metrics; whoever does not answer is left out, and counted by `onFailure`. They are in the format of the application, which
 * is asked for OpenMetrics when whoever asks accepts that.
 */
export async function mergedMetrics(
  { envoy, application, own, onFailure }: MetricSources,
  { accept, timeoutMs, headers }: Scraper,
): Promise<Exposition> {
  const toEnvoy = { ...envoy, timeoutMs, headers: { accept: acceptedTexts(undefined) } };
  const toApplication = { timeoutMs, headers: { ...headers, accept: acceptedTexts(accept) } };
  const [fromEnvoy, fromApplication, fromUs] = await Promise.all([
    textOf(toEnvoy, (error) => onFailure('envoy', error)),
    application === undefined
      ? nothing
      : textOf({ ...application, ...toApplication }, (error) => onFailure('application', error)),
    own(),
  ]);
  const others = withLineEnd(fromUs) + withLineEnd(fromEnvoy.body);
  const { format, body } = fromApplication;
  const contentType = contentTypes[format];
  if (format === 'text') return { contentType, body: others + withLineEnd(body) };
  return { contentType, body: `${openMetricsOf(others)}${withLineEnd(withoutEnd(body))}# EOF\n` };
}

interface Text {
  readonly format: Format;
  readonly body: string;
}

const nothing: Text = { format: 'text', body: '' };

async function textOf(question: Question, onFailure: (error: Error) => void): Promise<Text> {
  try {
    const { status, headers, body } = await ask(question);
    const { 'content-type': type, 'content-encoding': encoding = 'identity' } = headers;
    const format = /^(identity|gzip)$/.test(`${encoding}`) ? formatOf(type?.toString()) : undefined;
    if (status === 200 && format !== undefined) return { format, body };
    onFailure(new Error(`expected 200 and a text, found ${status}, ${type} and ${encoding}`));
  } catch (error) {
    onFailure(error as Error);
  }
  return nothing;
}

function withLineEnd(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
