/** The Helm chart, rendered. */
import { spawnSync } from 'node:child_process';
import { parseAllDocuments } from 'yaml';

export const chartFolder = 'deploy/helm/fairway';

/** The release that tests make. */
export const release = { name: 'fairway', namespace: 'istio-system' };

export interface Rendered {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** A value by its path in values.yaml: `{ 'image.tag': 'x' }`. */
export type ChartValues = Readonly<Record<string, unknown>>;

/** Arguments of Helm that give a chart some values. */
export function valueArguments(values: ChartValues): readonly string[] {
  return Object.entries(values).flatMap(([path, value]) => ['--set-json', `${path}=${JSON.stringify(value)}`]);
}

/** Runs Helm to its end and yields its standard output; throws with its standard error when it fails. */
export function runHelm(helm: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  const { status, stdout, stderr } = spawnSync(helm, args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, ...env },
  });
  if (status !== 0) throw new Error(`helm ${args.join(' ')}: ended with ${status}: ${stderr}`);
  return stdout;
}

/** What `helm template` writes. A Helm that somebody builds does not know for which Kubernetes it was made. */
export function renderText(helm: string, values: ChartValues): string {
  const { name, namespace } = release;
  const target = ['--namespace', namespace, '--kube-version', '1.34.4'];
  return runHelm(helm, ['template', name, chartFolder, ...target, ...valueArguments(values)]);
}

/** The objects of the chart, in the order of installation. */
export function renderChart(helm: string, values: ChartValues = {}): readonly Rendered[] {
  return parseAllDocuments(renderText(helm, values)).flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    const object = document.toJS() as Rendered | null;
    return object === null ? [] : [object];
  });
}

/** The one object of a kind; throws when there is none, or more than one. */
export function theOne<T extends Rendered>(objects: readonly Rendered[], kind: T['kind']): T {
  const [found, another] = objects.filter((object) => object.kind === kind);
  if (found === undefined || another !== undefined)
    throw new Error(`expected one ${kind}, found ${found === undefined ? 'none' : 'more'}`);
  return found as T;
}

export interface Deployment extends Rendered {
  readonly kind: 'Deployment';
  readonly spec: {
    readonly replicas: number;
    readonly strategy: { readonly type: string };
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: {
        readonly containers: readonly [Container];
        readonly volumes: readonly { readonly name: string }[];
        readonly terminationGracePeriodSeconds: number;
        readonly securityContext: unknown;
      };
    };
  };
}

interface Container {
  readonly image: string;
  readonly args: readonly [string, ...string[]];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly readinessProbe: unknown;
  readonly livenessProbe: unknown;
  readonly securityContext: unknown;
}
