/** Suites that need a real Envoy. */
import { describe } from 'node:test';
import { type EnvoyProgram, findEnvoy } from '../../../src/agent/envoy-program.ts';

const envoy = findEnvoy();

/** A suite with an Envoy; where there is none it is skipped, but on CI it fails. */
export function describeWithEnvoy(name: string, body: (envoy: EnvoyProgram) => void): void {
  if (envoy !== undefined) describe(name, () => body(envoy));
  else if (process.env.CI === 'true')
    describe(name, () => {
      throw new Error('expected an Envoy on CI, found none: set ENVOY or run `npm run setup`');
    });
  else describe(name, { skip: 'no Envoy found: set ENVOY or run `npm run setup`' }, () => {});
}
