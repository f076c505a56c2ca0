/** Meshes from short YAML, and what their analysis says. */
import { analyze, createAnalyses } from '../../src/analysis/analysis.ts';
import { ControlPlane } from '../../src/control-plane.ts';
import { inspect } from '../../src/inspection.ts';
import { silent } from '../../src/lib/log.ts';
import type { CatalogService } from '../../src/model/catalog.ts';
import { formatRelated, type Problem } from '../../src/model/problem.ts';
import { changesIn } from './objects.ts';
import { problemLine } from './problem-line.ts';

const versions: { readonly [kind: string]: string } = {
  EndpointSlice: 'discovery.k8s.io/v1',
  Namespace: 'v1',
  Pod: 'v1',
  Secret: 'v1',
  Service: 'v1',
};

/** An object of a kind: `shop/reviews` in namespace shop, `shop/reviews@3` made on the third day; its spec, or another field. */
export function object(kind: string, id: string, spec: string, field = 'spec'): string {
  const [, namespace, name, day] = /^(?:(.+)\/)?(.+?)(?:@(\d))?$/.exec(id) ?? [];
  const metadata = [
    `name: ${name}`,
    ...(namespace === undefined ? [] : [`namespace: ${namespace}`]),
    ...(day === undefined ? [] : [`creationTimestamp: '2026-01-0${day}T00:00:00Z'`]),
  ];
  return `apiVersion: ${versions[kind] ?? 'networking.istio.io/v1'}
kind: ${kind}
metadata: {${metadata.join(', ')}}
${field}: ${spec}
`;
}

/** A Service with ports such as `http: 80`. */
export function service(id: string, ports: string, more = ''): string {
  const list = ports.split(', ').map((port) => {
    const [name, number] = port.split(': ');
    return `{name: ${name}, port: ${number}}`;
  });
  return object('Service', id, `{ports: [${list.join(', ')}]${more === '' ? '' : `, ${more}`}}`);
}

/** A pod that is ready, with labels such as `app: a`. */
export function pod(id: string, labels: string): string {
  return object(
    'Pod',
    id,
    '{podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}], phase: Running, conditions: [{type: Ready, status: "True"}]}',
    'status',
  ).replace('metadata: {', `metadata: {labels: {${labels}}, `);
}

/** The endpoints of a Service: pods of its namespace by name, each with an address of its own. */
export function slice(id: string, port: string, ...pods: readonly string[]): string {
  const [, namespace = '', name = ''] = /^(.+)\/(.+)$/.exec(id) ?? [];
  const [portName, number] = port.split(': ');
  const endpoints = pods.map(
    (one, i) =>
      `{addresses: [10.1.0.${i}], conditions: {ready: true}, targetRef: {kind: Pod, name: ${one}, namespace: ${namespace}}}`,
  );
  return object('EndpointSlice', id, `[${endpoints.join(', ')}]`, 'endpoints').replace(
    'metadata: {',
    `ports: [{name: ${portName}, port: ${number}}]\naddressType: IPv4\nmetadata: {labels: {kubernetes.io/service-name: ${name}}, `,
  );
}

/**
 * What the mesh shows, without what the objects show by themselves: one line per problem, and indented ones for the
 * objects that it comes from.
 */
export function analysisOf(...objects: readonly string[]): readonly string[] {
  return linesOf(inspect({ depth: 'mesh', inputs: [{ file: 'mesh.yaml', text: objects.join('---\n') }] }).problems);
}

/** The same of a mesh that has services of catalogs too, by `registry/name`. */
export function analysisWith(
  catalogs: { readonly [name: string]: CatalogService },
  ...objects: readonly string[]
): readonly string[] {
  const plane = new ControlPlane({ log: silent, cluster: 'Kubernetes', domainSuffix: 'cluster.local' });
  const analyses = createAnalyses(plane.graph, plane.mesh);
  plane.apply(changesIn(objects.join('---\n')));
  for (const [key, service] of Object.entries(catalogs)) {
    const at = key.lastIndexOf('/');
    plane.catalogSink({ name: key.slice(0, at), kind: 'ConsulService' }).apply([{ name: key.slice(at + 1), service }]);
  }
  plane.commit();
  return linesOf(analyze(plane.graph, analyses, () => undefined));
}

function linesOf(problems: readonly Problem[]): readonly string[] {
  return problems
    .filter(({ code }) => code.startsWith('FW1') || code === 'FW0405' || code === 'FW0406')
    .flatMap((problem) => {
      const { kind, namespace, name } = problem.object ?? { kind: '', namespace: '', name: '' };
      return [
        problemLine({ ...problem, path: `${kind} ${namespace}/${name} ${problem.path}`.trim() }),
        ...(problem.related ?? []).map(({ object: other, reason }) => `  ${formatRelated({ object: other, reason })}`),
      ];
    });
}
