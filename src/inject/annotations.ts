/** What a pod's annotations say of its sidecar: Istio's, checked. */
import { isBlock, isInterface } from '../agent/iptables/items.ts';
import { overlaid, type ProxyConfig, ProxyConfigError, parseProxyConfig } from '../agent/proxy-config.ts';
import { itemsIn } from '../lib/comma-list.ts';
import type { Finding } from '../model/decode.ts';
import type { Labels } from '../model/labels.ts';
import { type AnnotationReader, annotationReader } from './annotation-reader.ts';
import { type LogLevels, logLevelsOf } from './log-levels.ts';
import { type Role, roleOf } from './refusal.ts';
import { type Resources, resourcesOf, usualResources } from './resources.ts';
import type { InjectionSettings } from './settings.ts';
import { tellMistyped, tellUnheeded } from './unheeded.ts';

export interface SidecarOptions {
  readonly role: Role;
  /** That of the mesh with that of the pod over it. */
  readonly config: ProxyConfig;
  readonly mode: 'REDIRECT' | 'TPROXY' | 'NONE';
  readonly image: string;
  readonly resources: Resources;
  readonly logLevels: LogLevels;
  readonly isNative: boolean;
  readonly rewritesProbes: boolean;
  readonly mergesMetrics: boolean;
  /** Arguments of `fairway iptables` about what is intercepted. */
  readonly traffic: readonly string[];
}

/** Longer ones are a mistake, and would take long to read. */
const longestConfig = 64 * 1024;

export function sidecarOptions(annotations: Labels, settings: InjectionSettings, findings: Finding[]): SidecarOptions {
  const reader = annotationReader(annotations, findings);
  tellUnheeded(annotations, reader);
  const { config, addressOf } = configOf(settings, reader);
  findings.push(...unservedAddress(config, addressOf));
  const mode = reader.oneOf('sidecar.istio.io/interceptionMode', ['REDIRECT', 'TPROXY', 'NONE']);
  const isNative = reader.boolean('sidecar.istio.io/nativeSidecar');
  const role = roleOf(annotations) ?? 'sidecar';
  return {
    role,
    config,
    mode: mode ?? config.interceptionMode ?? 'REDIRECT',
    image: annotations['sidecar.istio.io/proxyImage'] || settings.image,
    resources: resourcesOf(reader, settings.resources ?? usualResources),
    logLevels: logLevelsOf(reader, settings.logLevels ?? {}),
    isNative: role === 'sidecar' && settings.hasNativeSidecars && isNative !== false,
    rewritesProbes: reader.boolean('sidecar.istio.io/rewriteAppHTTPProbers') ?? true,
    mergesMetrics: reader.boolean('prometheus.istio.io/merge-metrics') ?? settings.mesh.mergesMetrics,
    traffic: trafficOf(reader),
  };
}

const configName = 'proxy.istio.io/config';

interface PodConfig {
  readonly config: ProxyConfig;
  /** Who states the address of the control plane. */
  readonly addressOf: 'pod' | 'option' | 'mesh';
}

/** That of the mesh, with what whoever injects has stated over it, and that of the pod over both. */
function configOf({ mesh, discoveryAddress }: InjectionSettings, reader: AnnotationReader): PodConfig {
  const stated = discoveryAddress === undefined ? {} : { discoveryAddress, stated: { discoveryAddress } };
  const base = overlaid(mesh.defaultConfig, stated);
  const own = podConfig(reader);
  const addressOf = own.discoveryAddress !== undefined ? 'pod' : discoveryAddress !== undefined ? 'option' : 'mesh';
  return { config: overlaid(base, own), addressOf };
}

function podConfig(reader: AnnotationReader): ProxyConfig {
  const { text, wrong } = reader;
  const stated = text(configName);
  if (stated === undefined) return {};
  if (stated.length > longestConfig) {
    wrong(configName, `expected at most ${longestConfig} characters, found ${stated.length}`);
    return {};
  }
  try {
    const config = parseProxyConfig(stated, 'ProxyConfig');
    tellMistyped(config, configName, reader);
    return config;
  } catch (error) {
    if (!(error instanceof ProxyConfigError)) throw error;
    for (const line of error.message.split('\n')) wrong(configName, line.replace(/^ProxyConfig: /, ''));
    return {};
  }
}

/** Istio's own MeshConfig names the port of istiod with mutual TLS, which nobody serves here. */
function unservedAddress(
  { discoveryAddress = '' }: ProxyConfig,
  addressOf: PodConfig['addressOf'],
): readonly Finding[] {
  if (!discoveryAddress.endsWith(':15012')) return [];
  const found = `expected an address with xDS in plaintext, such as HOST:15010, found ${JSON.stringify(discoveryAddress)}`;
  const who = { pod: '', option: '', mesh: " as the MeshConfig's defaultConfig.discoveryAddress" }[addressOf];
  const instead = addressOf === 'mesh' ? '; --discovery-address goes before it' : '';
  const message = `${found}${who}, where Istio's control plane speaks mutual TLS${instead}`;
  const path = addressOf === 'pod' ? `metadata.annotations["${configName}"]` : '';
  return [{ code: 'FW3205', severity: 'warning', path, message }];
}

interface TrafficList {
  readonly annotation: string;
  /** Its newer name, in full, which goes before. */
  readonly newer?: string;
  readonly option: string;
  readonly kind: 'ports' | 'blocks' | 'interfaces';
  /** What a list may say beside its items, and what is so when nothing is said. */
  readonly usual: '*' | '';
}

const trafficLists: readonly TrafficList[] = [
  { annotation: 'includeOutboundIPRanges', option: '--include-outbound', kind: 'blocks', usual: '*' },
  { annotation: 'excludeOutboundIPRanges', option: '--exclude-outbound', kind: 'blocks', usual: '' },
  { annotation: 'includeInboundPorts', option: '--include-inbound-ports', kind: 'ports', usual: '*' },
  { annotation: 'excludeInboundPorts', option: '--exclude-inbound-ports', kind: 'ports', usual: '' },
  { annotation: 'includeOutboundPorts', option: '--include-outbound-ports', kind: 'ports', usual: '' },
  { annotation: 'excludeOutboundPorts', option: '--exclude-outbound-ports', kind: 'ports', usual: '' },
  {
    annotation: 'kubevirtInterfaces',
    newer: 'istio.io/reroute-virtual-interfaces',
    option: '--virtual-interfaces',
    kind: 'interfaces',
    usual: '',
  },
  { annotation: 'excludeInterfaces', option: '--exclude-interfaces', kind: 'interfaces', usual: '' },
];

const items: {
  readonly [kind in TrafficList['kind']]: { readonly expected: string; readonly isOne: (text: string) => boolean };
} = {
  ports: {
    expected: 'ports with commas between them',
    isOne: (text) => /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535,
  },
  blocks: { expected: 'CIDR blocks with commas between them, such as 10.0.0.0/8', isOne: isBlock },
  interfaces: {
    expected: 'names of network interfaces with commas between them',
    isOne: isInterface,
  },
};

function trafficOf({ text, wrong }: AnnotationReader): readonly string[] {
  return trafficLists.flatMap(({ annotation, newer, option, kind, usual }) => {
    const name = newer !== undefined && text(newer) !== undefined ? newer : `traffic.sidecar.istio.io/${annotation}`;
    const stated = text(name)?.trim();
    if (stated === undefined || stated === usual) return [];
    const found = itemsIn(stated);
    const { expected, isOne } = items[kind];
    const bad = found.find((one) => !isOne(one));
    if (bad !== undefined) {
      wrong(name, `expected ${expected}${usual === '*' ? ', or *' : ''}, found ${JSON.stringify(bad)}`);
      return [];
    }
    return [option, found.join(',')];
  });
}
