import { join } from 'node:path';
import { execute } from './execute.ts';
import { root } from './paths.ts';
import { fingerprint, step } from './step.ts';

/** Generates src/proto from the committed descriptors. */
export async function generatedTypes(): Promise<void> {
  const inputs = ['proto/envoy-api.binpb.br', 'scripts/proto/generate.ts', 'package-lock.json'].map((file) =>
    join(root, file),
  );
  await step('proto', {
    title: "generating TypeScript from Envoy's descriptors",
    inputs: fingerprint(inputs),
    output: join(root, 'src', 'proto', 'envoy'),
    work: () =>
      execute('generated types', process.execPath, [
        '--disable-warning=ExperimentalWarning',
        join(root, 'scripts', 'proto', 'generate.ts'),
      ]),
  });
}
