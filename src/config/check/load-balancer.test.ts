import { describe } from 'node:test';
import { neighbours } from '../../../test/support/neighbours.ts';

const at = 'spec.trafficPolicy.loadBalancer';
const rule = (part: string) => `host: a\ntrafficPolicy: {outlierDetection: {interval: 1s}, loadBalancer: {${part}}}`;

describe('consistent hashing', () => {
  const check = neighbours('DestinationRule', (part) => rule(`consistentHash: {${part}}`));
  const hash = `${at}.consistentHash`;
  check(
    'hashes something',
    'useSourceIp: true',
    '',
    `warning FW0204 ${hash}: expected one of httpHeaderName, httpCookie, useSourceIp, httpQueryParameterName, found none: requests are spread at random`,
  );
  check(
    'names what it hashes',
    'httpCookie: {name: c, ttl: 0s}',
    'httpCookie: {name: "", ttl: -1s}',
    `error FW0204 ${hash}.httpCookie.name: expected the name of a cookie, found an empty text`,
    `error FW0204 ${hash}.httpCookie.ttl: expected 0 or more, found a negative duration`,
  );
  check(
    'names the header that it hashes',
    'httpHeaderName: x',
    'httpHeaderName: ""',
    `error FW0204 ${hash}.httpHeaderName: expected the name of a header, found an empty text`,
  );
  check(
    'names the parameter that it hashes',
    'httpQueryParameterName: x',
    'httpQueryParameterName: ""',
    `error FW0204 ${hash}.httpQueryParameterName: expected the name of a parameter, found an empty text`,
  );
  check(
    'has a table of a prime size',
    'useSourceIp: true, maglev: {tableSize: 65537}',
    'useSourceIp: true, maglev: {tableSize: 65536}',
    `error FW0204 ${hash}.maglev.tableSize: expected a prime number below 5000011, found 65536`,
  );
  check(
    'has a ring that proxies can hold',
    'useSourceIp: true, ringHash: {minimumRingSize: 8388608}',
    'useSourceIp: true, ringHash: {minimumRingSize: 8388609}',
    `error FW0204 ${hash}: expected a ring of at most 8388608 entries, found 8388609`,
  );
  check(
    'has a table of some size',
    'useSourceIp: true, ringHash: {minimumRingSize: 10}',
    'useSourceIp: true, maglev: {}',
    `error FW0204 ${hash}.maglev.tableSize: expected a prime number below 5000011, found 0`,
  );
  check(
    'has a ring of some size by ringHash',
    'useSourceIp: true, ringHash: {minimumRingSize: 10}',
    'useSourceIp: true, minimumRingSize: 10',
    `warning FW0204 ${hash}.minimumRingSize: expected ringHash.minimumRingSize, which replaces it`,
  );
  check(
    'has one algorithm',
    'useSourceIp: true, maglev: {tableSize: 7}',
    'useSourceIp: true, maglev: {tableSize: 7}, minimumRingSize: 10',
    `error FW0204 ${hash}: expected one of minimumRingSize, ringHash and maglev, found several`,
  );
});

describe('a warm-up', () => {
  neighbours('DestinationRule', rule)(
    'has a duration, a start and a curve',
    'warmup: {duration: 1ms, minimumPercent: 100, aggression: 1}',
    'warmup: {duration: 0s, minimumPercent: 101, aggression: 0.5}',
    `error FW0204 ${at}.warmup.duration: expected at least 1ms, in whole milliseconds, found 0ms`,
    `error FW0204 ${at}.warmup.minimumPercent: expected 0 to 100, found 101`,
    `error FW0204 ${at}.warmup.aggression: expected 1 or more, found 0.5`,
  );
});

describe('locality load balancing', () => {
  const check = neighbours('DestinationRule', (part) => rule(`localityLbSetting: {${part}}`));
  const locality = `FW0204 ${at}.localityLbSetting`;
  check(
    'distributes or fails over',
    'failover: [{from: eu, to: us}]',
    'failover: [{from: eu, to: us}], distribute: [{from: "*", to: {"*": 100}}]',
    `error ${locality}: expected distribute or failover, found both`,
  );
  check(
    'distributes or ranks by labels',
    'failoverPriority: [tier]',
    'failoverPriority: [tier], distribute: [{from: "*", to: {"*": 100}}]',
    `warning ${locality}: expected distribute or failoverPriority, found both`,
  );
  check(
    'ranks regions once',
    'failover: [{from: eu, to: us}], failoverPriority: [tier]',
    'failover: [{from: eu, to: us}], failoverPriority: [topology.kubernetes.io/region]',
    `error ${locality}.failoverPriority: expected no topology.kubernetes.io/region beside failover, found it`,
  );
  check(
    'distributes a hundred percent',
    'distribute: [{from: eu, to: {eu: 99, us: 1}}]',
    'distribute: [{from: eu, to: {eu: 100, us: 1}}, {from: us, to: {eu: 100, us: 0}}]',
    `error ${locality}.distribute[0].to: expected weights that add up to 100, found 101`,
    `error ${locality}.distribute[1].to: expected weights from 1 to 100, found others`,
  );
  check(
    'names localities that do not overlap',
    'distribute: [{from: eu/a, to: {eu/*: 100}}, {from: eu/*, to: {eu: 100}}]',
    'distribute: [{from: eu, to: {eu/*: 50, eu/a: 50}}, {from: eu/*, to: {eu: 100}}]',
    `error ${locality}.distribute[0].to: expected localities that do not overlap, found eu/a beside eu`,
    `error ${locality}.distribute: expected localities that do not overlap, found eu/* beside eu`,
  );
  check(
    'names whole localities',
    'distribute: [{from: eu/a/1, to: {"*": 100}}]',
    'distribute: [{from: "eu/*/1", to: {"eu//": 100}}]',
    `error ${locality}.distribute[0].to: expected region, region/zone or region/zone/subzone with * at its end or none, found "eu//"`,
    `error ${locality}.distribute: expected region, region/zone or region/zone/subzone with * at its end or none, found "eu/*/1"`,
  );
  check(
    'fails over to another region',
    'failover: [{from: eu, to: us}, {from: us, to: eu}]',
    'failover: [{from: eu, to: eu}, {from: us/a, to: asia}, {from: eu, to: us}]',
    `error ${locality}.failover[0]: expected two different regions, found "eu" twice`,
    `error ${locality}.failover[1]: expected regions alone, found from "us/a" to "asia"`,
    `warning ${locality}.failover[2].from: expected each region once, found eu again: the first counts`,
  );
  neighbours('DestinationRule', (part) => `host: a\ntrafficPolicy: {${part}}`)(
    'fails over when endpoints are ejected',
    'outlierDetection: {interval: 1s}, loadBalancer: {localityLbSetting: {failover: [{from: eu, to: us}]}}',
    'loadBalancer: {localityLbSetting: {failover: [{from: eu, to: us}]}}',
    `warning ${locality}: expected outlierDetection beside it, found none: without it nothing fails over to other localities`,
  );
  neighbours('DestinationRule', rule)(
    'is no load balancing by zones',
    'zoneAwareLbSetting: {enabled: true}',
    'zoneAwareLbSetting: {enabled: true}, localityLbSetting: {enabled: true}',
    `error FW0204 ${at}: expected one of localityLbSetting and zoneAwareLbSetting, found both`,
  );
});
