/**
 * What is registered, joined with what is known of its life.
 *
 *      registrations of a service ─┐
 *      allocations of a namespace ─┼─► services that are different, and problems
 *      checks of an allocation ────┘
 *
 * The three are read by requests of their own, so that each may be older than the others. That an allocation is missing is
 * believed only when the list of allocations is newer than the first sight of the registration, and the registration was read
 * once more after that list: a server that has lost its state has neither, and what it says of allocations first is no reason
 * to send nobody anywhere.
 */
import { ensure } from '../../lib/ensure.ts';
import { equal } from '../../lib/equal.ts';
import type { CatalogChange, CatalogService } from '../../model/catalog.ts';
import type { Problem } from '../../model/problem.ts';
import { type KnownAllocation, lifeSign } from './life-sign.ts';
import { readableRegistrations, type Unreadable } from './readable-registrations.ts';
import type { Allocation, Checks, Registration } from './schema.ts';
import { type NomadNames, nameInCatalog, type Registered, type ServiceName, toCatalogService } from './service.ts';

/** Something that was read, and the time on the way: in milliseconds of a clock that never goes back. */
export interface Read<T> {
  readonly value: T;
  /** When the request was sent: the server has looked later. */
  readonly sentMs: number;
  readonly receivedMs: number;
}

/** Who knows the checks of allocations, and which ones are asked for. */
export interface AllocationChecks {
  checksOf(allocation: string): Checks | undefined;
  /** A higher version is one of other registrations. */
  want(allocation: string, version: number): void;
  drop(allocation: string): void;
}

export interface RegisteredServicesOptions extends NomadNames {
  readonly kind: string;
  /** The catalog's name, for problems. */
  readonly catalog: string;
  readonly checks: AllocationChecks;
  readonly emit: (change: CatalogChange) => void;
  readonly problems: (part: string, problems: readonly Problem[]) => void;
  /** An allocation is missing, and it takes newer lists of allocations and of the service to believe it. */
  readonly doubt: (service: ServiceName) => void;
}

interface Seen {
  readonly name: ServiceName;
  readonly registrations: Read<readonly Registration[]>;
  readonly unreadable: readonly Unreadable[];
  /** When each registration was seen first, by its ID. */
  readonly firstSeenMs: ReadonlyMap<string, number>;
}

interface KnownService extends Seen {
  emitted: CatalogChange['service'];
  /** An allocation is missing, which is not believed yet. */
  isDoubtful: boolean;
}

/** Problems of one service that are told one by one. */
const mostProblems = 20;

export class RegisteredServices {
  readonly #options: RegisteredServicesOptions;
  readonly #services = new Map<string, KnownService>();
  /** By namespace; absent where they cannot be read. */
  readonly #allocations = new Map<string, Read<ReadonlyMap<string, Allocation>>>();
  /** IDs of allocations that are believed to be gone. */
  readonly #gone = new Set<string>();
  readonly #servicesOfAllocation = new Map<string, Set<string>>();

  constructor(options: RegisteredServicesOptions) {
    this.#options = options;
  }

  /** What is registered of a service now, as it was answered. Yields whether that is another service than before. */
  setService(name: ServiceName, answered: Read<readonly unknown[]>): boolean {
    const key = nameInCatalog(name);
    const before = this.#services.get(key);
    const seen = this.#seen(name, answered);
    this.#relate(key, before?.registrations.value ?? [], seen.registrations.value);
    const service = { ...seen, emitted: before?.emitted, isDoubtful: false };
    this.#services.set(key, service);
    this.#tell(service);
    return service.emitted !== before?.emitted;
  }

  /** Nothing is registered under a name. */
  dropService(name: ServiceName): void {
    const key = nameInCatalog(name);
    const before = this.#services.get(key);
    if (before === undefined) return;
    this.#relate(key, before.registrations.value, []);
    this.#services.delete(key);
    this.#options.problems(this.#part(key), []);
    this.#options.emit({ name: key, service: undefined });
  }

  /** All allocations of a namespace, or that they cannot be read. */
  setAllocations(namespace: string, read: Read<readonly Allocation[]> | undefined): void {
    const before = this.#allocations.get(namespace)?.value;
    if (read === undefined) this.#allocations.delete(namespace);
    else {
      const value = new Map(read.value.map((one) => [one.ID, one]));
      for (const id of value.keys()) this.#gone.delete(id);
      this.#allocations.set(namespace, { ...read, value });
    }
    const changed = this.#servicesOf(changedIds(before, this.#allocations.get(namespace)?.value));
    for (const service of this.#services.values())
      if (service.name.namespace === namespace && (service.isDoubtful || changed === undefined || changed.has(service)))
        this.#tell(service);
  }

  /** The checks of an allocation are others than before. */
  checksChanged(allocation: string): void {
    for (const service of this.#servicesOf([allocation]) ?? []) this.#tell(service);
  }

  /** Services of a namespace of which an allocation is missing that is not believed to be gone. */
  doubtful(namespace: string): readonly ServiceName[] {
    return [...this.#services.values()]
      .filter(({ name, isDoubtful }) => isDoubtful && name.namespace === namespace)
      .map(({ name }) => name);
  }

  /** What a service would be if this were answered. */
  describe(name: ServiceName, answered: Read<readonly unknown[]>): CatalogService {
    return toCatalogService(name, this.#registered(this.#seen(name, answered)).registered, this.#options);
  }

  #seen(name: ServiceName, answered: Read<readonly unknown[]>): Seen {
    const before = this.#services.get(nameInCatalog(name));
    const { registrations, unreadable } = readableRegistrations(answered.value, before?.registrations.value ?? []);
    const firstSeenMs = new Map(
      registrations.map(({ ID }) => [ID, before?.firstSeenMs.get(ID) ?? answered.receivedMs]),
    );
    return { name, registrations: { ...answered, value: registrations }, unreadable, firstSeenMs };
  }

  #tell(service: KnownService): void {
    const { name } = service;
    const { emit, problems, doubt } = this.#options;
    const { registered, isDoubtful } = this.#registered(service);
    const zombies = registered.flatMap(({ registration: { ID }, sign: { zombie } }) =>
      zombie === undefined ? [] : { ID, zombie },
    );
    const told = [
      ...service.unreadable.map((one) => this.#unreadable(name, one)),
      ...zombies.map(({ ID, zombie }) => this.#zombie(name, ID, zombie)),
    ];
    problems(this.#part(nameInCatalog(name)), told.slice(0, mostProblems));
    const found = toCatalogService(name, registered, this.#options);
    if (!equal(found, service.emitted)) {
      service.emitted = found;
      emit({ name: nameInCatalog(name), service: found });
    }
    service.isDoubtful = isDoubtful;
    if (isDoubtful) doubt(name);
  }

  #registered(service: Seen): { readonly registered: readonly Registered[]; readonly isDoubtful: boolean } {
    let isDoubtful = false;
    const registered = service.registrations.value.map((registration) => {
      const found = this.#allocationOf(service, registration);
      if (found === 'doubtful') isDoubtful = true;
      const checks = this.#options.checks.checksOf(registration.AllocID ?? '');
      return { registration, sign: lifeSign(registration, found === 'doubtful' ? 'not known' : found, checks) };
    });
    return { registered, isDoubtful };
  }

  #allocationOf(
    { name, registrations, firstSeenMs }: Seen,
    { ID, AllocID = '' }: Registration,
  ): KnownAllocation | 'doubtful' {
    const allocations = this.#allocations.get(name.namespace);
    if (allocations === undefined) return 'not known';
    const found = allocations.value.get(AllocID);
    if (found !== undefined) return found;
    if (this.#gone.has(AllocID)) return 'gone';
    const isNewer = allocations.sentMs >= (firstSeenMs.get(ID) ?? Number.POSITIVE_INFINITY);
    if (!isNewer || registrations.sentMs < allocations.receivedMs) return 'doubtful';
    this.#gone.add(AllocID);
    return 'gone';
  }

  /** Services that have to do with any of these allocations; undefined stands for all. */
  #servicesOf(allocations: readonly string[] | undefined): ReadonlySet<KnownService> | undefined {
    if (allocations === undefined) return undefined;
    const keys = new Set(allocations.flatMap((id) => [...(this.#servicesOfAllocation.get(id) ?? [])]));
    return new Set([...keys].flatMap((key) => this.#services.get(key) ?? []));
  }

  #zombie(service: ServiceName, id: string, zombie: string): Problem {
    return {
      code: 'FW3120',
      severity: 'warning',
      message: `expected an allocation that runs, found ${zombie}`,
      path: `instances[${id}]`,
      object: this.#object(service),
      hint: 'delete the registration when nothing runs there: nomad service delete',
    };
  }

  #unreadable(service: ServiceName, { path, message }: Unreadable): Problem {
    return { code: 'FW3110', severity: 'warning', message, path, object: this.#object(service) };
  }

  #object(service: ServiceName): NonNullable<Problem['object']> {
    const { kind, catalog } = this.#options;
    return { kind, namespace: service.namespace, name: nameInCatalog(service), cluster: catalog };
  }

  #part(key: string): string {
    return `${this.#options.catalog} registrations: ${key}`;
  }

  #relate(key: string, before: readonly Registration[], after: readonly Registration[]): void {
    const { checks } = this.#options;
    for (const { AllocID = '' } of before) {
      const services = this.#servicesOfAllocation.get(AllocID);
      services?.delete(key);
      if (services?.size === 0) this.#servicesOfAllocation.delete(AllocID);
    }
    for (const { AllocID = '', ModifyIndex = 0 } of after) {
      ensure(this.#servicesOfAllocation, AllocID, () => new Set<string>()).add(key);
      checks.want(AllocID, ModifyIndex);
    }
    for (const { AllocID = '' } of before) {
      if (this.#servicesOfAllocation.has(AllocID)) continue;
      this.#gone.delete(AllocID);
      checks.drop(AllocID);
    }
  }
}

type Allocations = ReadonlyMap<string, Allocation>;

/** Those whose life is another one than before; undefined where all may be. */
function changedIds(before: Allocations | undefined, after: Allocations | undefined): readonly string[] | undefined {
  if (before === undefined || after === undefined) return undefined;
  return [...new Set([...before.keys(), ...after.keys()])].filter((id) => {
    const [old, now] = [before.get(id), after.get(id)];
    return old?.ClientStatus !== now?.ClientStatus || old?.DesiredStatus !== now?.DesiredStatus;
  });
}
