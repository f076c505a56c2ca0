import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { changesIn, removalsIn } from '../../test/support/objects.ts';
import type { ObjectChange } from '../model/kubernetes-object.ts';
import { formatProblem, type Problem } from '../model/problem.ts';
import { Clusters } from './clusters.ts';

const service = (namespace: string, name: string, ports = '[{ name: http, port: 80 }]') =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: { clusterIP: 10.1.0.1, ports: ${ports} }`;
const namespace = (name: string, labels: string) =>
  `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name}, labels: ${labels} }`;
const pod = (name: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name}, namespace: shop }\nstatus: { podIP: 10.0.0.1 }`;
const slice =
  'apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: { name: a-1, namespace: shop, labels: { kubernetes.io/service-name: a } }\naddressType: IPv4\nports: [{ name: http, port: 8080 }]\nendpoints: [{ addresses: [10.0.0.1] }]';
const rule =
  'apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: { name: a, namespace: shop }\nspec: { host: a }';
const secret = 'apiVersion: v1\nkind: Secret\nmetadata: { name: s, namespace: shop }\ntype: kubernetes.io/tls';

class Outcome {
  readonly rows = new Set<string>();
  readonly others: string[] = [];
  readonly problems = new Map<string, readonly Problem[]>();
  readonly clusters = new Clusters(
    { cluster: 'home', domainSuffix: 'cluster.local', now: () => 0 },
    {
      rows: (changes) => {
        for (const { table, key, row } of changes)
          if (row === undefined) this.rows.delete(`${table} ${key}`);
          else this.rows.add(`${table} ${key}`);
      },
      others: (changes) => this.others.push(...changes.map(({ kind, name }) => `${kind} ${name}`)),
      problems: (part, problems) => this.problems.set(part, problems),
      forget: (parts) => {
        for (const part of parts) this.problems.delete(part);
      },
    },
  );

  apply(cluster: string, ...yaml: readonly string[]): void {
    this.clusters.add(cluster);
    this.clusters.apply(cluster, changesIn(yaml.join('\n---\n')));
  }

  seen(): {
    readonly rows: readonly string[];
    readonly others: readonly string[];
    readonly problems: readonly string[];
  } {
    const problems = [...this.problems.values()].flat().map(formatProblem);
    return { rows: [...this.rows].sort(), others: this.others, problems };
  }
}

function check(
  name: string,
  step: (outcome: Outcome) => void,
  expected: {
    readonly rows?: readonly string[];
    readonly others?: readonly string[];
    readonly problems?: readonly string[];
  },
): void {
  it(name, () => {
    const outcome = new Outcome();
    step(outcome);
    assert.deepEqual(outcome.seen(), { rows: [], others: [], problems: [], ...expected });
  });
}

const rowOf = (cluster: string, name = 'a', where = 'shop') =>
  `service kubernetes/${cluster}/${where}/${name}/${name}.${where}.svc.cluster.local`;

describe('the rows of clusters', () => {
  check(
    'are told apart by the cluster, for equal objects too',
    (outcome) => {
      outcome.apply('home', service('shop', 'a'), namespace('shop', '{}'));
      outcome.apply('east', service('shop', 'a'), namespace('shop', '{}'));
    },
    {
      rows: ['namespace kubernetes/east/shop', 'namespace kubernetes/home/shop', rowOf('east'), rowOf('home')],
    },
  );
  check(
    'are of the objects that discoverySelectors choose in each of them',
    (outcome) => {
      outcome.clusters.select([{ matchLabels: { mesh: 'in' } }]);
      outcome.apply('home', namespace('shop', '{ mesh: in }'), service('shop', 'a'));
      outcome.apply('east', namespace('shop', '{ mesh: out }'), service('shop', 'a'));
    },
    { rows: ['namespace kubernetes/east/shop', 'namespace kubernetes/home/shop', rowOf('home')] },
  );
  check(
    'change in all clusters with the selectors',
    (outcome) => {
      outcome.apply('home', service('shop', 'a'));
      outcome.apply('east', service('shop', 'a'));
      outcome.clusters.select([{ matchLabels: { mesh: 'in' } }]);
    },
    {},
  );
  check(
    'hold neither secrets of another cluster nor rules',
    (outcome) => outcome.apply('east', service('shop', 'a'), rule, secret),
    { rows: [rowOf('east')] },
  );
  check('leave rules of the config cluster to others', (outcome) => outcome.apply('home', rule), {
    others: ['DestinationRule a'],
  });
  check(
    'are gone with their cluster, all of them',
    (outcome) => {
      outcome.apply('east', service('shop', 'a'), namespace('shop', '{}'), pod('a-1'), slice);
      outcome.apply('home', service('shop', 'a'));
      outcome.clusters.remove('east');
    },
    { rows: [rowOf('home')] },
  );
  check(
    'are back when their cluster is',
    (outcome) => {
      outcome.apply('east', service('shop', 'a'));
      outcome.clusters.remove('east');
      outcome.apply('east', service('shop', 'b'));
    },
    { rows: [rowOf('east', 'b')] },
  );
  check(
    'are gone with their objects',
    (outcome) => {
      outcome.apply('east', service('shop', 'a'), pod('a-1'));
      const removals: readonly ObjectChange[] = removalsIn(`${service('shop', 'a')}\n---\n${pod('a-1')}`);
      outcome.clusters.apply('east', removals);
    },
    {},
  );
  check(
    'of the config cluster stay',
    (outcome) => {
      outcome.apply('home', service('shop', 'a'));
      outcome.clusters.remove('home');
    },
    { rows: [rowOf('home')] },
  );
});

describe('problems of clusters', () => {
  const wrong = service('shop', 'a', '[{ name: http, port: many }]');
  check(
    'are told apart by the cluster',
    (outcome) => {
      outcome.apply('home', wrong);
      outcome.apply('east', wrong);
      outcome.apply('home', service('shop', 'a'));
    },
    {
      rows: [rowOf('home')],
      problems: [
        'test.yaml:4: Service shop/a of cluster east: spec.ports[0].port: expected a whole number from 0 to 65535, found "many" [FW0004]',
      ],
    },
  );
  check(
    'are forgotten with it',
    (outcome) => {
      outcome.apply('east', wrong);
      outcome.clusters.problems('east', 'secret', [
        { code: 'FW0010', severity: 'error', message: 'expected an answer, found none', path: '' },
      ]);
      outcome.clusters.remove('east');
    },
    {},
  );
});
