/**
 * Between an adapter that somebody else has written and everything behind it: what passes has the form that the types promise and
 * is a copy, so that no adapter can change it later. What does not is told as a problem; nothing is thrown at the adapter, and what
 * was known of a service stays.
 */
import { describe, formatPath, isRecord, type Path, type Report, type Schema } from '../../lib/schema.ts';
import type { Catalog, CatalogChange, CatalogInstance, CatalogService } from '../../model/catalog.ts';
import { codes } from '../../model/codes.ts';
import { type Problem, severities } from '../../model/problem.ts';
import type { Freshness, Sink } from '../../model/source.ts';
import { instanceSchema, serviceSchema } from './schema.ts';

/** Problems of one service that are told one by one: thousands of instances may share a mistake. */
const mostProblems = 20;
/** No name, reason or message of an adapter is longer than this many characters. */
const mostText = 500;

const expectedFreshness = 'expected live, or stale or absent with a reason';

type About = Pick<Catalog, 'name' | 'kind'>;

/** What an adapter gets in place of a sink. */
export function checkedSink(about: About, sink: Sink<CatalogChange>): Sink<CatalogChange> {
  // Apart from what the adapter tells of the same service, and from what its registry does.
  const partOf = (service: string) => `${about.name} reports ${service}`;
  return {
    apply(changes: unknown) {
      const all: readonly unknown[] = Array.isArray(changes) ? changes : [changes];
      const nameless: Problem[] = [];
      const passed = all.flatMap((change) => {
        const { name, found, problems } = checkedChange(about, change);
        if (name === undefined) nameless.push(...problems);
        else sink.problems(partOf(name), problems);
        return found === undefined ? [] : [found];
      });
      sink.problems(partOf('changes'), nameless.slice(0, mostProblems));
      if (passed.length > 0) sink.apply(passed);
    },
    synced: () => sink.synced(),
    problems(part: unknown, problems: unknown) {
      const all = Array.isArray(problems) ? problems : [problems];
      sink.problems(
        `${about.name} says of ${textOf(part)}`,
        all.slice(0, mostProblems).map((problem: unknown) => checkedProblem(about, textOf(part), problem)),
      );
    },
    freshness(freshness: unknown) {
      const checked = checkedFreshness(freshness);
      sink.problems(
        partOf('freshness'),
        checked === undefined
          ? [problemOf(about, '', 'freshness', `${expectedFreshness}, found ${shown(freshness)}`)]
          : [],
      );
      if (checked !== undefined) sink.freshness(checked);
    },
  };
}

/** What an adapter answers when it is asked about one service. Throws an Error when it has not the form of one. */
export function checkedAnswer(about: About, name: string, service: unknown): CatalogService | undefined {
  const { found, problems } = checkedChange(about, { name, service });
  const [problem] = problems;
  if (problem !== undefined) throw new Error(`${problem.path}: ${problem.message}`);
  return found?.service;
}

interface CheckedChange {
  /** Undefined when it tells none. */
  readonly name: string | undefined;
  /** Undefined when so little can be read that what was known stays. */
  readonly found: CatalogChange | undefined;
  readonly problems: readonly Problem[];
}

function checkedChange(about: About, change: unknown): CheckedChange {
  const name = isRecord(change) && typeof change.name === 'string' ? change.name : undefined;
  if (!isRecord(change) || name === undefined || name === '' || name.length > mostText) {
    const problem = problemOf(
      about,
      '',
      'name',
      `expected a change with the name of a service, found ${shown(change)}`,
    );
    return { name: undefined, found: undefined, problems: [problem] };
  }
  if (change.service === undefined) return { name, found: { name, service: undefined }, problems: [] };
  const problems: Problem[] = [];
  const report: Report = ({ path, message }) => {
    if (problems.length < mostProblems) problems.push(problemOf(about, name, formatPath(path), message));
  };
  try {
    const service = checkedService(change.service, report);
    if (service === undefined) return { name, found: undefined, problems };
    // Of a service that is used something is left out.
    return { name, found: { name, service }, problems: problems.map((one) => ({ ...one, severity: 'warning' })) };
  } catch (error) {
    // A getter that throws, an object without an end.
    report({
      kind: 'wrong-value',
      path: [],
      message: `expected plain data, found what cannot be read: ${textOf(error)}`,
    });
    return { name, found: undefined, problems };
  }
}

function checkedService(value: unknown, report: Report): CatalogService | undefined {
  const service = decode(serviceSchema, value, [], report);
  if (service === undefined || !isRecord(value)) return undefined;
  const { instances } = value;
  if (!Array.isArray(instances)) {
    report({ kind: 'wrong-type', path: ['instances'], message: `expected a list, found ${describe(instances)}` });
    return undefined;
  }
  const usable = instances.flatMap((instance: unknown, i): readonly CatalogInstance[] => {
    const found = decode(instanceSchema, instance, ['instances', i], report);
    return found === undefined ? [] : [found];
  });
  return { ...service, instances: usable };
}

/** The value, if nothing at all is wrong with it. */
function decode<T>(schema: Schema<T>, value: unknown, path: Path, report: Report): T | undefined {
  let isRight = true;
  const found = schema.decode(value, path, (problem) => {
    isRight = false;
    report(problem);
  });
  return isRight ? found : undefined;
}

function checkedProblem(about: About, part: string, problem: unknown): Problem {
  if (!isRecord(problem)) return problemOf(about, part, '', `expected a problem, found ${shown(problem)}`);
  const { code, severity, message, path } = problem;
  const known = severities.find((one) => one === severity);
  return {
    ...problemOf(about, part, typeof path === 'string' ? textOf(path) : '', textOf(message)),
    ...(typeof code === 'string' && Object.hasOwn(codes, code) ? { code: code as Problem['code'] } : {}),
    ...(known === undefined ? {} : { severity: known }),
  };
}

function checkedFreshness(value: unknown): Freshness | undefined {
  if (!isRecord(value)) return undefined;
  const { state, reason, sinceMs } = value;
  if (state === 'live') return { state };
  if (typeof reason !== 'string') return undefined;
  if (state === 'absent') return { state, reason: textOf(reason) };
  if (state !== 'stale' || typeof sinceMs !== 'number' || !Number.isFinite(sinceMs)) return undefined;
  return { state, reason: textOf(reason), sinceMs };
}

/** Something wrong with what an adapter reports of a service, or (without a name) with the adapter. */
function problemOf({ name: cluster, kind }: About, service: string, path: string, message: string): Problem {
  const object = {
    kind,
    namespace: '',
    name: service === '' ? cluster : service,
    ...(service === '' ? {} : { cluster }),
  };
  return { code: 'FW3140', severity: 'error', message, path, object };
}

function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value : value instanceof Error ? value.message : shown(value);
  return text.length > mostText ? `${text.slice(0, mostText)}…` : text;
}

function shown(value: unknown): string {
  try {
    return describe(value) ?? String(value);
  } catch {
    return 'what cannot be read';
  }
}
