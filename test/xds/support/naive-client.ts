/** A client that keeps what the protocol says it holds, and nothing else: names to versions, type by type. */
import assert from 'node:assert/strict';
import type {
  DeltaDiscoveryRequest,
  DiscoveryRequest,
} from '../../../src/proto/envoy/service/discovery/v3/discovery.ts';
import { type TypeUrl, wholeStateTypes } from '../../../src/resource/types.ts';
import type { AdsService } from '../../../src/xds/ads-service.ts';
import { type FakeCall, fakeCall, type Response } from './fake-mesh.ts';
import type { Dialect } from './response.ts';

interface Interest {
  /** May include a star. */
  readonly names: Set<string>;
  /** Asking for nothing in particular, which means all. */
  isLegacy: boolean;
  readonly held: Map<string, string>;
  /** Of the last response that has been read. */
  nonce: string;
  /** The type has been asked for on this stream. */
  isOpen: boolean;
}

export class NaiveClient {
  readonly #service: AdsService;
  readonly #dialect: Dialect;
  readonly #interests = new Map<TypeUrl, Interest>();
  readonly #unanswered = new Set<TypeUrl>();
  #call: FakeCall;
  #isFirst = true;

  constructor(service: AdsService, dialect: Dialect) {
    this.#service = service;
    this.#dialect = dialect;
    this.#call = fakeCall(service, dialect);
  }

  get types(): readonly TypeUrl[] {
    return [...this.#interests.keys()];
  }

  /** The responses that have come and are not read. */
  get waiting(): readonly Response[] {
    return this.#call.waiting;
  }

  asksFor(type: TypeUrl, name: string): boolean {
    const interest = this.#interests.get(type);
    return interest !== undefined && (interest.isLegacy || interest.names.has('*') || interest.names.has(name));
  }

  held(type: TypeUrl): ReadonlyMap<string, string> {
    return this.#interests.get(type)?.held ?? new Map();
  }

  /** Changes what is wanted of a type. A type whose first request names nothing is asked for as a whole. */
  want(type: TypeUrl, more: readonly string[], less: readonly string[]): void {
    let interest = this.#interests.get(type);
    if (interest === undefined) {
      interest = { names: new Set(), isLegacy: false, held: new Map(), nonce: '', isOpen: false };
      interest.isLegacy = more.length === 0 && wholeStateTypes.has(type);
      this.#interests.set(type, interest);
    }
    // It must not ask for something else in the name of a response that it has not answered.
    if (this.#dialect === 'sotw' && this.#unanswered.has(type)) this.#answer(type, {});
    const { names, held } = interest;
    // In delta a client may ask again for what it has forgotten.
    const subscribe = this.#dialect === 'delta' ? more : more.filter((name) => !names.has(name));
    for (const name of subscribe) held.delete(name);
    if (this.#dialect === 'delta' && subscribe.includes('*')) held.clear();
    const unsubscribe = less.filter((name) => names.has(name) && !more.includes(name));
    for (const name of subscribe) names.add(name);
    for (const name of unsubscribe) names.delete(name);
    // In the state-of-the-world dialect names replace an implied wildcard, in delta they stand beside it.
    if (names.size > 0 && (this.#dialect === 'sotw' || names.has('*'))) interest.isLegacy = false;
    const wantsAny = interest.isLegacy || names.size > 0;
    if (!interest.isOpen && wantsAny) this.#open(type, interest);
    else if (interest.isOpen && subscribe.length + unsubscribe.length > 0)
      this.#change(type, interest, subscribe, unsubscribe);
    this.#forget(type, interest);
  }

  /** Reads the next response and answers it, or says nothing. */
  read(answer: 'ack' | 'nack' | 'silence'): void {
    const response = this.#call.next();
    if (response === undefined) return;
    const { type, nonce, resources, removed } = response;
    const interest = this.#interests.get(type) as Interest;
    interest.nonce = nonce;
    if (this.#dialect === 'sotw' && wholeStateTypes.has(type)) interest.held.clear();
    for (const [name, version] of resources) interest.held.set(name, version);
    for (const name of removed) interest.held.delete(name);
    this.#forget(type, interest);
    if (answer === 'silence') this.#unanswered.add(type);
    else this.#answer(type, answer === 'nack' ? { errorDetail: { code: 3, message: 'refused' } } : {});
  }

  /** Acknowledges the last response of each type that was met with silence. */
  acknowledge(): void {
    for (const type of this.#unanswered) this.#answer(type, {});
  }

  #answer(type: TypeUrl, error: Pick<DiscoveryRequest, 'errorDetail'>): void {
    const { nonce, names } = this.#interests.get(type) as Interest;
    this.#unanswered.delete(type);
    if (this.#dialect === 'delta') this.#request({ typeUrl: type, responseNonce: nonce, ...error });
    else this.#request({ typeUrl: type, responseNonce: nonce, resourceNames: [...names], ...error });
  }

  /** Loses its stream, and asks on another one for what it wants. */
  reconnect(): void {
    this.#call.close();
    this.#call = fakeCall(this.#service, this.#dialect);
    this.#isFirst = true;
    this.#unanswered.clear();
    for (const [type, interest] of this.#interests) {
      interest.nonce = '';
      interest.isOpen = false;
      // To name nothing on a new stream would mean all.
      if (interest.isLegacy || interest.names.size > 0) this.#open(type, interest);
    }
  }

  close(): void {
    this.#call.close();
  }

  #open(type: TypeUrl, interest: Interest): void {
    const { names, isLegacy, held } = interest;
    interest.isOpen = true;
    // An implied wildcard beside names can only be told to a new stream as a star.
    const asked = isLegacy && names.size > 0 ? ['*', ...names] : [...names];
    if (this.#dialect === 'sotw') this.#request({ typeUrl: type, resourceNames: asked });
    else
      this.#request({
        typeUrl: type,
        resourceNamesSubscribe: asked,
        initialResourceVersions: Object.fromEntries(held),
      });
  }

  #change(
    type: TypeUrl,
    { names, nonce }: Interest,
    subscribe: readonly string[],
    unsubscribe: readonly string[],
  ): void {
    if (this.#dialect === 'delta')
      this.#request({
        typeUrl: type,
        resourceNamesSubscribe: [...subscribe],
        resourceNamesUnsubscribe: [...unsubscribe],
      });
    else this.#request({ typeUrl: type, responseNonce: nonce, resourceNames: [...names] });
  }

  #request(message: DeltaDiscoveryRequest & DiscoveryRequest): void {
    const node = this.#isFirst ? { node: { id: 'sidecar~10.0.0.1~web.shop~shop.svc.cluster.local' } } : {};
    this.#isFirst = false;
    this.#call.request({ ...message, ...node });
    assert.equal(this.#call.ended, undefined);
  }

  /** What nobody asks for any more is not held either. */
  #forget(type: TypeUrl, { held }: Interest): void {
    for (const name of held.keys()) if (!this.asksFor(type, name)) held.delete(name);
  }
}
