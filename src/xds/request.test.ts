import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import type { Node } from '../proto/envoy/config/core/v3/base.ts';
import { DeltaDiscoveryRequest, DiscoveryRequest } from '../proto/envoy/service/discovery/v3/discovery.ts';
import { type DeltaRequest, decodeDeltaRequest, decodeSotwRequest, RequestError, type SotwRequest } from './request.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const texts = fc.array(text, { maxLength: 5 });
/** The encoder itself cannot write a key that JavaScript takes for a prototype; that has a case of its own below. */
const json = fc
  .object({
    key: text,
    maxDepth: 3,
    maxKeys: 4,
    values: [text, fc.double({ noNaN: true }), fc.boolean(), fc.constant(null)],
  })
  .map((value) => structuredClone(value))
  .filter((value) => !JSON.stringify(value).includes('__proto__')) as fc.Arbitrary<{ [key: string]: unknown }>;

const node: fc.Arbitrary<Node> = fc.record({
  id: text,
  cluster: text,
  metadata: json,
  locality: fc.record({ region: text, zone: text, subZone: text }),
  userAgentName: text,
  userAgentVersionType: fc.oneof(
    fc.record({ $case: fc.constant('userAgentVersion' as const), value: text }),
    fc.record({
      $case: fc.constant('userAgentBuildVersion' as const),
      value: fc.record({
        version: fc.record({ majorNumber: fc.nat(), minorNumber: fc.nat(), patch: fc.nat() }),
        metadata: json,
      }),
    }),
  ),
  extensions: fc.array(fc.record({ name: text, category: text, disabled: fc.boolean() }), { maxLength: 2 }),
  clientFeatures: texts,
});

const error = fc.record({ code: fc.integer(), message: text }, { noNullPrototype: true });

/** What we read of a node. */
function expectedNode({
  id = '',
  cluster = '',
  metadata = {},
  locality,
  userAgentName = '',
  userAgentVersionType,
}: Node) {
  const { region = '', zone = '', subZone: subzone = '' } = locality ?? {};
  const userAgentVersion = versionText(userAgentVersionType);
  return {
    id,
    cluster,
    metadata,
    locality: { region, zone, subzone },
    userAgent: userAgentName,
    ...(userAgentVersion === '' ? {} : { userAgentVersion }),
  };
}

function versionText(version: Node['userAgentVersionType']): string {
  if (version === undefined || version.$case === 'userAgentVersion') return version?.value ?? '';
  const { majorNumber = 0, minorNumber = 0, patch = 0 } = version.value.version ?? {};
  return `${majorNumber}.${minorNumber}.${patch}`;
}

const field = (number: number, wire: WireType) => new BinaryWriter().uint32((number << 3) | wire);

/** Fields that no message has, in each wire type. */
const unknownField = fc.constantFrom(
  field(900, WireType.Varint).uint32(7).finish(),
  field(901, WireType.Bit64).double(1.5).finish(),
  field(902, WireType.LengthDelimited).string('unknown').finish(),
  field(903, WireType.Bit32).float(1.5).finish(),
  field(904, WireType.StartGroup)
    .raw(field(1, WireType.LengthDelimited).string('in a group').finish())
    .uint32((904 << 3) | WireType.EndGroup)
    .finish(),
  // A known number with another wire type.
  field(3, WireType.Varint).uint32(7).finish(),
);

/** The bytes with an unknown field before and after them. */
const surrounded = (bytes: Uint8Array, [before, after]: readonly [Uint8Array, Uint8Array]) =>
  Buffer.concat([before, bytes, after]);
const unknownFields = fc.tuple(unknownField, unknownField);
const runs = { numRuns: 200 };

it('a delta request means what the generated encoder wrote, whatever unknown fields stand around it', () => {
  const request = fc.record(
    {
      node,
      typeUrl: text,
      resourceNamesSubscribe: texts,
      resourceNamesUnsubscribe: texts,
      initialResourceVersions: fc.dictionary(text, text, { noNullPrototype: true }),
      responseNonce: text,
      errorDetail: error,
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<DeltaDiscoveryRequest>;
  fc.assert(
    fc.property(request, unknownFields, (message, unknown) => {
      const expected: DeltaRequest = {
        typeUrl: message.typeUrl ?? '',
        nonce: message.responseNonce ?? '',
        subscribe: message.resourceNamesSubscribe ?? [],
        unsubscribe: message.resourceNamesUnsubscribe ?? [],
        initialVersions: new Map(Object.entries(message.initialResourceVersions ?? {})),
        ...(message.node === undefined ? {} : { node: expectedNode(message.node) }),
        ...(message.errorDetail === undefined ? {} : { error: message.errorDetail as DeltaRequest['error'] & {} }),
      };
      const bytes = DeltaDiscoveryRequest.encode(message).finish();
      assert.deepEqual(decodeDeltaRequest(surrounded(bytes, unknown)), expected);
    }),
    runs,
  );
});

it('a state-of-the-world request means what the generated encoder wrote, whatever unknown fields stand around it', () => {
  const request = fc.record(
    { node, typeUrl: text, versionInfo: text, resourceNames: texts, responseNonce: text, errorDetail: error },
    { requiredKeys: [] },
  ) as fc.Arbitrary<DiscoveryRequest>;
  fc.assert(
    fc.property(request, unknownFields, (message, unknown) => {
      const expected: SotwRequest = {
        typeUrl: message.typeUrl ?? '',
        version: message.versionInfo ?? '',
        nonce: message.responseNonce ?? '',
        names: message.resourceNames ?? [],
        ...(message.node === undefined ? {} : { node: expectedNode(message.node) }),
        ...(message.errorDetail === undefined ? {} : { error: message.errorDetail as SotwRequest['error'] & {} }),
      };
      const bytes = DiscoveryRequest.encode(message).finish();
      assert.deepEqual(decodeSotwRequest(surrounded(bytes, unknown)), expected);
    }),
    runs,
  );
});

it('metadata keeps keys that mean something to JavaScript as plain keys', () => {
  const inside = (number: number, bytes: Uint8Array) => field(number, WireType.LengthDelimited).bytes(bytes).finish();
  const named = (key: string, value: string) =>
    inside(1, Buffer.concat([inside(1, Buffer.from(key)), inside(2, inside(3, Buffer.from(value)))]));
  const metadata = Buffer.concat([named('__proto__', 'a'), named('constructor', 'b')]);
  const { node } = decodeDeltaRequest(inside(1, inside(3, metadata)));
  assert.equal(JSON.stringify(node?.metadata), '{"__proto__":"a","constructor":"b"}');
});

describe('bytes that are no request are refused:', () => {
  const check = (name: string, bytes: Uint8Array, expected: RegExp) =>
    it(name, () => {
      for (const decode of [decodeDeltaRequest, decodeSotwRequest])
        assert.throws(() => decode(bytes), { name: 'RequestError', message: expected });
    });
  const nested = (depth: number) => {
    let value: unknown = 'end';
    for (let i = 0; i < depth; i++) value = { in: value };
    return { metadata: value as { [key: string]: unknown } };
  };
  const both = (node: Node) =>
    Buffer.concat([DeltaDiscoveryRequest.encode({ node }).finish(), DiscoveryRequest.encode({ node }).finish()]);

  check(
    'a text that ends early',
    field(4, WireType.LengthDelimited).uint32(10).raw(Buffer.from('abc')).finish(),
    /premature EOF/,
  );
  check('a tag that ends early', Buffer.from([0x80]), /premature EOF|illegal tag/);
  check('a field number of zero', Buffer.from([0x02, 0x00]), /illegal tag/);
  check('an unknown wire type', Buffer.from([0x0f]), /illegal tag/);
  check('a group that does not end', field(900, WireType.StartGroup).finish(), /premature EOF|illegal tag/);
  check('groups within groups without end', Buffer.alloc(1 << 20, 0x0b), /recursion/);
  check('metadata that goes too deep', both(nested(40)), /at most 32 levels/);

  it('a field that reaches beyond its message', () => {
    // A node of two bytes whose id claims three.
    const bytes = field(1, WireType.LengthDelimited)
      .uint32(2)
      .raw(Buffer.from([0x0a, 0x03]))
      .raw(Buffer.from('abc'));
    assert.throws(() => decodeDeltaRequest(bytes.finish()), { name: 'RequestError', message: /beyond the end/ });
  });
});

it('whatever the bytes, there is a request or a RequestError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      for (const decode of [decodeDeltaRequest, decodeSotwRequest]) {
        try {
          assert.equal(typeof decode(bytes).typeUrl, 'string');
        } catch (error) {
          if (!(error instanceof RequestError)) throw error;
        }
      }
    }),
    { numRuns: 2000 },
  );
});
