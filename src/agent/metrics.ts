/** One answer for Prometheus out of what Envoy, the application and the agent say each. */
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

export interface MetricSources {
  readonly envoy: Question;
  readonly application?: Question;
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
  accept: string | undefined,
): Promise<Exposition> {
  const [fromEnvoy, fromApplication, fromUs] = await Promise.all([
    textOf(envoy, undefined, (error) => onFailure('envoy', error)),
    application === undefined ? nothing : textOf(application, accept, (error) => onFailure('application', error)),
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

async function textOf(
  question: Question,
  accept: string | undefined,
  onFailure: (error: Error) => void,
): Promise<Text> {
  try {
    const { status, headers, body } = await ask({ ...question, headers: { accept: acceptedTexts(accept) } });
    const type = headers['content-type']?.toString();
    const format = formatOf(type);
    if (status === 200 && format !== undefined) return { format, body };
    onFailure(new Error(`expected 200 and a text, found ${status} and ${type}`));
  } catch (error) {
    onFailure(error as Error);
  }
  return nothing;
}

function withLineEnd(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
