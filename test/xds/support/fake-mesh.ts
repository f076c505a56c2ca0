/**
 * What stands around the service in tests of its logic: a mesh of two scopes whose resources a test sets, and a client
 * that does exactly what the protocol says, over calls that deliver when the test wants it.
 */
import assert from 'node:assert/strict';
import { fromBinary } from '@bufbuild/protobuf';
import { envoyMessage } from '../../../src/descriptors/registry.ts';
import { frameHead } from '../../../src/lib/grpc-frames.ts';
import { type Log, silent } from '../../../src/lib/log.ts';
import type { Scope } from '../../../src/model/scope.ts';
import { DeltaDiscoveryRequest, DiscoveryRequest } from '../../../src/proto/envoy/service/discovery/v3/discovery.ts';
import { pushOrder, type TypeUrl } from '../../../src/resource/types.ts';
import { type FakeView, fakeView } from '../../../src/resource/view.fake.ts';
import { AdsService, type AdsServiceOptions, type ProxyHost } from '../../../src/xds/ads-service.ts';
import type { Call, CallHandler } from '../../../src/xds/call.ts';
import type { FakeClock } from '../../support/fake-clock.ts';
import type { Dialect } from './response.ts';

/** Versions by name; undefined removes. */
export type Versions = Readonly<Record<string, string | undefined>>;

export const scopes = ['here', 'there'] as const;
export type ScopeName = (typeof scopes)[number];

export interface FakeMesh {
  readonly service: AdsService;
  /** Changes resources of scopes and types in one commit. */
  commit(changes: readonly { readonly scope: ScopeName; readonly type: TypeUrl; readonly versions: Versions }[]): void;
  /** Moves all proxies to another scope. */
  move(scope: ScopeName): void;
  /** What is there for a scope, name to version. */
  contents(scope: ScopeName, type: TypeUrl): ReadonlyMap<string, string>;
  readonly scope: ScopeName;
}

export function fakeMesh(
  clock: FakeClock,
  log: Partial<Log> = {},
  debug: AdsServiceOptions['debug'] = async () => [],
): FakeMesh {
  const views = new Map<string, FakeView>();
  for (const [i, scope] of scopes.entries())
    for (const [j, type] of pushOrder.entries()) views.set(`${scope} ${type}`, fakeView({ type, number: i * 10 + j }));
  const movers = new Set<(scope: Scope) => void>();
  const scopeOf = (key: ScopeName) => ({ key }) as unknown as Scope;
  let scope: ScopeName = 'here';
  let revision = 0;
  const host: ProxyHost = {
    connect(_proxy, onScope) {
      movers.add(onScope);
      return { scope: scopeOf(scope), close: () => movers.delete(onScope) };
    },
    view: (type, { key }) => views.get(`${key} ${type}`)?.view,
  };
  const events = { sent() {}, written() {}, rejected() {}, expired() {}, acknowledged() {} };
  return {
    service: new AdsService({
      host,
      log: { ...silent, ...log },
      now: () => clock.now(),
      clock,
      controlPlane: 'test',
      events,
      debug,
      patienceMs: 1000,
    }),
    commit(changes) {
      revision += 1;
      for (const change of changes) views.get(`${change.scope} ${change.type}`)?.commit(revision, change.versions);
    },
    move(next) {
      scope = next;
      for (const mover of movers) mover(scopeOf(scope));
    },
    contents: (of, type) =>
      new Map([...(views.get(`${of} ${type}`)?.view.contents.resources() ?? [])].map((one) => [one.name, one.version])),
    get scope() {
      return scope;
    },
  };
}

/** A response as a client reads it. */
export interface Response {
  readonly type: TypeUrl;
  readonly nonce: string;
  /** Name to version. */
  readonly resources: ReadonlyMap<string, string>;
  readonly removed: readonly string[];
}

/** One call; responses pile up until `next` takes them, and only then have they been written. */
export interface FakeCall {
  request(message: DeltaDiscoveryRequest & DiscoveryRequest): void;
  next(): Response | undefined;
  readonly waiting: readonly Response[];
  readonly frames: readonly Buffer[];
  readonly ended: { readonly code: number; readonly message: string } | undefined;
  close(): void;
}

export function fakeCall(service: AdsService, dialect: Dialect): FakeCall {
  const inbox: { readonly response: Response; readonly written: () => void }[] = [];
  const frames: Buffer[] = [];
  let ended: FakeCall['ended'];
  let handler: CallHandler | undefined;
  const call: Call = {
    peer: 'test',
    headers: {},
    send(frame, written) {
      frames.push(frame);
      inbox.push({ response: read(frame, dialect), written });
    },
    end(code, message = '') {
      ended ??= { code, message };
      handler?.closed();
    },
  };
  const method = dialect === 'delta' ? 'DeltaAggregatedResources' : 'StreamAggregatedResources';
  const open = service.methods.get(`/envoy.service.discovery.v3.AggregatedDiscoveryService/${method}`);
  handler = open?.(call);
  const codec = dialect === 'delta' ? DeltaDiscoveryRequest : DiscoveryRequest;
  return {
    request: (message) => handler?.message(Buffer.from(codec.encode(message).finish())),
    next() {
      const first = inbox.shift();
      first?.written();
      return first?.response;
    },
    get waiting() {
      return inbox.map(({ response }) => response);
    },
    frames,
    get ended() {
      return ended;
    },
    close: () => handler?.closed(),
  };
}

/** Read by another implementation of protobuf than the one that wrote it. */
function read(frame: Buffer, dialect: Dialect): Response {
  const name = dialect === 'delta' ? 'DeltaDiscoveryResponse' : 'DiscoveryResponse';
  const message = fromBinary(
    envoyMessage(`envoy.service.discovery.v3.${name}`),
    frame.subarray(frameHead),
  ) as unknown as {
    readonly typeUrl: string;
    readonly nonce: string;
    readonly resources: readonly (Any & { readonly name: string; readonly version: string; readonly resource: Any })[];
    readonly removedResources?: readonly string[];
  };
  const entries = message.resources.map((resource): [string, string] => {
    const [held = '', version = ''] = Buffer.from((resource.resource ?? resource).value)
      .toString()
      .split('@');
    if (dialect === 'delta') assert.deepEqual([resource.name, resource.version], [held, version]);
    return [held, version];
  });
  const resources = new Map(entries);
  assert.equal(resources.size, entries.length, 'a response names each resource once');
  return { type: message.typeUrl, nonce: message.nonce, resources, removed: message.removedResources ?? [] };
}

interface Any {
  readonly value: Uint8Array;
}
