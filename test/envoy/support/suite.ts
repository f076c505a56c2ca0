/** Suites that need a real Envoy. */
import { type EnvoyProgram, findEnvoy } from '../../../src/agent/envoy-program.ts';
import { describeWith } from '../../support/real-part.ts';

const envoy = { name: 'an Envoy', found: findEnvoy(), remedy: 'set ENVOY or run `npm run setup`' };

/** A suite with an Envoy; where there is none it is skipped, but on CI it fails. */
export function describeWithEnvoy(name: string, body: (envoy: EnvoyProgram) => void): void {
  describeWith(envoy, name, body);
}
