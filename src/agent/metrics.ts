/** One answer for Prometheus out of what Envoy and the application say each. */
import { type Answer, ask, type Question } from './http-get.ts';

/** Where the application has metrics, as its annotations `prometheus.io/*` say. */
export interface ApplicationMetrics {
  readonly port: number;
  readonly path: string;
}

/** Reads ISTIO_PROMETHEUS_ANNOTATIONS, which injection writes; undefined where the application has no metrics. */
export function parsePrometheusAnnotations(text: string | undefined): ApplicationMetrics | undefined {
  if (text === undefined || text === '') return undefined;
  const { scrape, port, path } = JSON.parse(text) as {
    readonly scrape?: string;
    readonly port?: string;
    readonly path?: string;
  };
  const number = Number(port);
  if (scrape !== 'true' || !Number.isInteger(number) || number < 1 || number > 65_535) return undefined;
  return { port: number, path: path === undefined || path === '' ? '/metrics' : path };
}

export interface MetricSources {
  readonly envoy: Question;
  readonly application?: Question;
  /** The agent's own. */
  readonly own: () => Promise<string>;
  readonly onFailure: (source: 'envoy' | 'application', error: Error) => void;
}

/** Text in Prometheus' own format; whoever does not answer is left out, and counted by `onFailure`. */
export async function mergedMetrics({ envoy, application, own, onFailure }: MetricSources): Promise<string> {
  const [fromEnvoy, fromApplication, fromUs] = await Promise.all([
    textOf(envoy, (error) => onFailure('envoy', error)),
    application === undefined ? '' : textOf(application, (error) => onFailure('application', error)),
    own(),
  ]);
  return [fromUs, fromEnvoy, withoutEnd(fromApplication)].map(withLineEnd).join('');
}

async function textOf(question: Question, onFailure: (error: Error) => void): Promise<string> {
  try {
    const answer: Answer = await ask(question);
    if (answer.status === 200) return answer.body;
    onFailure(new Error(`expected 200, found ${answer.status}`));
  } catch (error) {
    onFailure(error as Error);
  }
  return '';
}

/** OpenMetrics ends a text with a line that must stand nowhere else. */
function withoutEnd(text: string): string {
  return text.replace(/^# EOF\n?/gm, '');
}

function withLineEnd(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
