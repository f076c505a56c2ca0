/** WasmPlugin: its schema. */
import { enumOf, type Infer, int32, list, object, port, string, struct } from '../lib/schema.ts';
import * as about from './about/wasm-plugin.ts';
import { attachment } from './security.ts';

export const wasmPlugin = object(
  {
    ...attachment,
    url: string,
    sha256: string,
    imagePullPolicy: enumOf('UNSPECIFIED_POLICY', 'IfNotPresent', 'Always'),
    imagePullSecret: string,
    verificationKey: string,
    pluginConfig: struct,
    pluginName: string,
    phase: enumOf('UNSPECIFIED_PHASE', 'AUTHN', 'AUTHZ', 'STATS'),
    priority: int32,
    failStrategy: enumOf('FAIL_CLOSE', 'FAIL_OPEN', 'FAIL_RELOAD'),
    vmConfig: object({
      env: list(object({ name: string, valueFrom: enumOf('INLINE', 'HOST'), value: string }, { required: ['name'] })),
    }),
    match: list(
      object({
        mode: enumOf('UNDEFINED', 'CLIENT', 'SERVER', 'CLIENT_AND_SERVER'),
        ports: list(object({ number: port }, { required: ['number'] })),
      }),
    ),
    type: enumOf('UNSPECIFIED_PLUGIN_TYPE', 'HTTP', 'NETWORK'),
  },
  { about: about.wasmPlugin, required: ['url'] },
);

export type WasmPlugin = Infer<typeof wasmPlugin>;
