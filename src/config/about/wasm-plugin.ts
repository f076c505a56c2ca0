/** What the fields of a WasmPlugin are for. */
import { attachment } from './security.ts';

export const wasmPlugin = {
  ...attachment,
  url: 'Where the module is: oci://, http://, https:// or file://.',
  sha256: 'The SHA-256 hash of the module, in hexadecimal.',
  imagePullPolicy: 'When the module is fetched again.',
  imagePullSecret: 'The Secret with credentials for fetching the module.',
  verificationKey: 'Accepted without effect.',
  pluginConfig: 'Configuration that the plugin gets, in a form of its own.',
  pluginName: 'The name of the plugin, where a module has several.',
  phase: 'Where in the chain of filters the plugin stands.',
  priority: 'The order among plugins of a phase: higher ones first.',
  failStrategy: 'What becomes of requests when the plugin fails.',
  vmConfig: 'The machine that the plugin runs in.',
  'vmConfig.env': 'Variables in its environment.',
  'vmConfig.env.name': 'The name of the variable.',
  'vmConfig.env.valueFrom': "Whether the value is stated here or is that of the proxy's environment.",
  'vmConfig.env.value': 'The value, if it is stated here.',
  match: 'Which traffic; all by default.',
  'match.mode': 'Whether the workload is the client, the server or either.',
  'match.ports': 'Ports of which the traffic is for one.',
  'match.ports.number': 'The number of the port.',
  type: 'Whether the plugin is a filter of HTTP or of connections.',
};
