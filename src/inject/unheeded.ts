/** What a pod states and nobody acts upon: it is told, since a name that is mistyped would be found out late. */
import type { ProxyConfig } from '../agent/proxy-config.ts';
import { nearName } from '../lib/schema.ts';
import type { Labels } from '../model/labels.ts';
import type { AnnotationReader } from './annotation-reader.ts';

/** By prefix, the names that have an effect here. Names under other prefixes are the concern of others. */
const heeded: { readonly [prefix: string]: readonly string[] } = {
  'sidecar.istio.io': [
    ...['inject', 'status', 'interceptionMode', 'nativeSidecar', 'rewriteAppHTTPProbers', 'proxyImage'],
    ...['proxyCPU', 'proxyCPULimit', 'proxyMemory', 'proxyMemoryLimit'],
    ...['logLevel', 'componentLogLevel', 'agentLogLevel'],
    ...['statsInclusionPrefixes', 'statsInclusionRegexps', 'statsInclusionSuffixes'],
  ],
  'traffic.sidecar.istio.io': [
    ...['includeOutboundIPRanges', 'excludeOutboundIPRanges', 'includeOutboundPorts', 'excludeOutboundPorts'],
    ...['includeInboundPorts', 'excludeInboundPorts', 'kubevirtInterfaces', 'excludeInterfaces'],
  ],
  'status.sidecar.istio.io': [],
  'readiness.status.sidecar.istio.io': [],
  'proxy.istio.io': ['config'],
};

export function tellUnheeded(annotations: Labels, { warn, suspect }: AnnotationReader): void {
  for (const annotation of Object.keys(annotations)) {
    const [prefix = '', name = ''] = annotation.split('/');
    const known = heeded[prefix];
    if (known === undefined || known.includes(name)) continue;
    const near = nearName(name, known);
    if (near === undefined) warn(annotation, 'expected an annotation that has an effect here, found one that has none');
    else suspect(annotation, `expected a known annotation such as ${prefix}/${near}, found one that nobody knows`);
  }
}

/** Those of Istio's ProxyConfig, whoever reads them. https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#ProxyConfig */
const configFields: readonly string[] = [
  ...['configPath', 'binaryPath', 'serviceCluster', 'tracingServiceName', 'drainDuration', 'discoveryAddress'],
  ...['zipkinAddress', 'statsdUdpAddress', 'proxyAdminPort', 'controlPlaneAuthPolicy', 'customConfigFile'],
  ...['statNameLength', 'concurrency', 'proxyBootstrapTemplatePath', 'interceptionMode', 'tracing', 'sds'],
  ...['envoyAccessLogService', 'envoyMetricsService', 'proxyMetadata', 'runtimeValues', 'statusPort', 'meshId'],
  ...['extraStatTags', 'gatewayTopology', 'terminationDrainDuration', 'readinessProbe', 'proxyStatsMatcher'],
  ...['holdApplicationUntilProxyStarts', 'caCertificatesPem', 'image', 'privateKeyProvider', 'proxyHeaders'],
  ...['fileFlushInterval', 'fileFlushMinSizeKb', 'statsCompression', 'drainType', 'availabilityZone'],
];

/** Names that are near to none of Istio's may be newer than this list, and are for the control plane. */
export function tellMistyped({ stated = {} }: ProxyConfig, annotation: string, { suspect }: AnnotationReader): void {
  for (const field of Object.keys(stated)) {
    const name = field.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const near = configFields.includes(name) ? undefined : nearName(name, configFields);
    if (near !== undefined)
      suspect(annotation, `expected a known field such as ${near}, found the unknown field ${field}`);
  }
}
