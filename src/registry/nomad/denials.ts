/** What a token may not read although all else is read, told as problems: once for each part, until it may. */
import type { Problem } from '../../model/problem.ts';
import type { Sink } from '../../model/source.ts';

export interface DenialsOptions {
  readonly catalog: string;
  readonly region: string;
  readonly sink: Pick<Sink<never>, 'problems'>;
}

export class Denials {
  readonly #options: DenialsOptions;
  readonly #namespaces = new Set<string>();

  constructor(options: DenialsOptions) {
    this.#options = options;
  }

  /** Whether allocations of a namespace may not be read. */
  has(namespace: string): boolean {
    return this.#namespaces.has(namespace);
  }

  /** What was answered in place of allocations; undefined when they could be read. */
  allocations(namespace: string, answer: string | undefined): void {
    if (answer === undefined && !this.has(namespace)) return;
    if (answer === undefined) this.#namespaces.delete(namespace);
    else this.#namespaces.add(namespace);
    this.#say('allocations', ['NomadNamespace', namespace], liveness(answer));
  }

  /** The same of checks. Who may not read allocations may not read their checks, which need not be said twice. */
  checks(answer: string | undefined): void {
    this.#say('checks', this.#region(), this.#namespaces.size > 0 ? undefined : liveness(answer));
  }

  /** What was expected and found in place of the event stream. */
  events(message: string | undefined): void {
    this.#say(
      'events',
      this.#region(),
      message === undefined ? undefined : { code: 'FW3122', severity: 'info', message },
    );
  }

  #region(): readonly [kind: string, name: string] {
    return ['NomadRegion', this.#options.region];
  }

  #say(
    path: string,
    [kind, name]: readonly [kind: string, name: string],
    found: Pick<Problem, 'code' | 'severity' | 'message'> | undefined,
  ): void {
    const { catalog, sink } = this.#options;
    const object = { kind, namespace: '', name, cluster: catalog };
    sink.problems(`${catalog} ${path}: ${name}`, found === undefined ? [] : [{ ...found, path, object }]);
  }
}

function liveness(answer: string | undefined): Pick<Problem, 'code' | 'severity' | 'message'> | undefined {
  if (answer === undefined) return undefined;
  return { code: 'FW3121', severity: 'warning', message: `expected a token that may read jobs, found ${answer}` };
}
