/**
 * What comes of an object that is in force, as one cell of the graph per object: watched, it costs what a change concerns.
 *
 *      row in force, diagnoses of all analyses ─► how much of it has an effect, and who takes its place
 */
import type { Analysis } from '../analysis/analysis.ts';
import type { Diagnosis, RelatedOrigin } from '../analysis/analyzer.ts';
import { type Config, configKey } from '../config/config.ts';
import type { Kind } from '../config/kinds.ts';
import type { Graph } from '../incremental/graph.ts';
import type { Query, Reader } from '../incremental/query.ts';
import type { Table } from '../incremental/table.ts';
import { isRecord } from '../lib/schema.ts';
import type { Code } from '../model/codes.ts';
import { type Origin, type OriginKey, originKey } from '../model/origin.ts';
import { formatRelated } from '../model/problem.ts';

/** Another object takes the place of all of it, or of a part; nothing asks for it. */
export type Extent = 'all' | 'part' | 'shadowed' | 'unused';

export interface Effect {
  /** Which version of which object is in force. */
  readonly origin: Pick<Origin, 'uid' | 'generation' | 'file'>;
  readonly extent: Extent;
  /** What the mesh shows of it, what decides the extent first. */
  readonly lines: readonly string[];
}

type ConfigTables = readonly (readonly [Kind, Table<Config<unknown>>])[];

/** How much of an object is lost when one of these is found. Of other codes an object is in force all the same. */
const losses: { readonly [code in Code]?: 'whole' | 'host' | 'part' | 'use' } = {
  FW1001: 'host',
  FW1011: 'use',
  FW1101: 'use',
  FW1102: 'whole',
  FW1103: 'part',
  FW1201: 'host',
  FW1202: 'host',
  FW1401: 'use',
  FW1501: 'whole',
};

/** Undefined for an object of which no version is in force. Declared before the first commit. */
export function declareEffects(
  graph: Graph,
  tables: ConfigTables,
  analyses: readonly Analysis[],
): Query<OriginKey, Effect | undefined> {
  const known = new Map<string, { readonly table: Table<Config<unknown>>; readonly analyses: readonly Analysis[] }>(
    tables.map(([kind, table]) => [kind, { table, analyses: analyses.filter((one) => one.table === table) }]),
  );

  /** `VirtualService shop/old has the host since …`: since when it has been there, unless the reason says. */
  function describe(read: Reader, { origin, reason }: RelatedOrigin): string {
    const other = formatRelated({
      object: origin,
      ...(origin.file === undefined ? {} : { file: origin.file }),
      reason,
    });
    const table = known.get(origin.kind)?.table;
    const createdAt = (table === undefined ? undefined : read.row(table, configKey(origin)))?.createdAt ?? 0;
    return createdAt === 0 || / since /.test(reason) ? other : `${other}, since ${new Date(createdAt).toISOString()}`;
  }

  function lineOf(read: Reader, { code, path, message, related = [] }: Diagnosis): string {
    const others = related.map((one) => describe(read, one)).join('; ');
    const text = `${path === '' ? '' : `${path}: `}${message} [${code}]`;
    return others === '' ? text : `${others}; ${text}`;
  }

  return graph.query<OriginKey, Effect | undefined>('effect', {
    reads: [...known.values()].flatMap((one) => [one.table, ...one.analyses.map(({ diagnoses }) => diagnoses)]),
    compute(read, key) {
      const at = key.indexOf('/');
      const found = known.get(key.slice(0, at));
      if (found === undefined) return undefined;
      const row = read.row(found.table, key.slice(at + 1));
      if (row === undefined) return undefined;
      // An analysis that fails leaves what the others say.
      const diagnoses = found.analyses.flatMap(
        (analysis) => read.cellUnlessFailed(analysis.diagnoses, configKey(row)) ?? [],
      );
      const { uid, generation, file } = row.origin;
      const sorted = [...diagnoses].sort((a, b) => weight(a) - weight(b));
      return {
        origin: {
          ...(uid === undefined ? {} : { uid }),
          ...(generation === undefined ? {} : { generation }),
          ...(file === undefined ? {} : { file }),
        },
        extent: extentOf(row, diagnoses),
        lines: sorted.map((diagnosis) => lineOf(read, diagnosis)),
      };
    },
  });
}

/** The key of an object's cell. */
export function effectKey(object: Pick<Origin, 'kind' | 'namespace' | 'name'>): OriginKey {
  return originKey(object);
}

/** What costs an object its effect comes before what else there is. */
function weight({ code, severity }: Diagnosis): number {
  return losses[code] !== undefined ? 0 : severity === 'error' ? 1 : 2;
}

function extentOf(row: Config<unknown>, diagnoses: readonly Diagnosis[]): Extent {
  const lossesOf = (loss: string) => diagnoses.filter(({ code }) => losses[code] === loss);
  if (lossesOf('whole').length > 0) return 'shadowed';
  if (lossesOf('use').length > 0) return 'unused';
  const hosts = lossesOf('host');
  if (hosts.length === 0) return lossesOf('part').length > 0 ? 'part' : 'all';
  const lost = new Set(hosts.filter((diagnosis) => isEverywhere(row, diagnosis)).map(({ path }) => path));
  return lost.size >= hostCount(row) && !isOnGateways(row) ? 'shadowed' : 'part';
}

/** A ServiceEntry is not used outside of its namespace when one elsewhere has the host, but is within. */
function isEverywhere({ namespace }: Config<unknown>, { code, related = [] }: Diagnosis): boolean {
  return code !== 'FW1202' || related.every(({ origin }) => origin.namespace === namespace);
}

function hostCount({ spec }: Config<unknown>): number {
  return isRecord(spec) && Array.isArray(spec.hosts) ? spec.hosts.length : 1;
}

/** Gateways merge what sidecars take from one rule alone. */
function isOnGateways({ spec }: Config<unknown>): boolean {
  const gateways = isRecord(spec) && Array.isArray(spec.gateways) ? spec.gateways : [];
  return gateways.some((gateway) => gateway !== 'mesh');
}
