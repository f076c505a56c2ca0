import { type ProxyConfig, ProxyConfigError, readProxyConfig } from '../agent/proxy-config.ts';
import type { MeshConfig } from '../config/mesh-config.ts';
import type { InjectedMesh } from './settings.ts';

/** What a MeshConfig says of proxies; `problem` when its defaults cannot be used, which are left out then. */
export function injectedMesh(config: MeshConfig): { readonly mesh: InjectedMesh; readonly problem?: string } {
  const { enablePrometheusMerge: mergesMetrics = true, trustDomain, defaultConfig } = config;
  const { proxyListenPort, proxyInboundListenPort } = config;
  const others = {
    mergesMetrics,
    ...(trustDomain === undefined ? {} : { trustDomain }),
    ...(proxyListenPort ? { listenPort: proxyListenPort } : {}),
    ...(proxyInboundListenPort ? { inboundListenPort: proxyInboundListenPort } : {}),
  };
  try {
    const stated: ProxyConfig = readProxyConfig(defaultConfig?.stated ?? {}, 'defaultConfig');
    return { mesh: { ...others, defaultConfig: stated } };
  } catch (error) {
    if (!(error instanceof ProxyConfigError)) throw error;
    return { mesh: { ...others, defaultConfig: {} }, problem: error.message };
  }
}
