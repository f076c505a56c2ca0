/** Specs of Istio's kinds from YAML texts, through the whole way from text to config. */
import { versionsOfGroup } from '../../src/config/custom-resources.ts';
import { decodeConfig } from '../../src/config/decode.ts';
import { type Kind, kinds, type Spec } from '../../src/config/kinds.ts';
import { indent } from './indent.ts';
import { objectIn } from './objects.ts';
import { problemLine } from './problem-line.ts';

/** The decoded spec, if it is free of errors, and what is wrong with it, one line per problem. */
export function decodeSpec<K extends Kind>(
  kind: K,
  spec: string,
): { readonly spec: Spec<K> | undefined; readonly problems: readonly string[] } {
  const { config, problems } = decodeConfig(kind, objectIn(objectText(kind, spec)));
  return { spec: config?.spec, problems: problems.map(problemLine) };
}

/** What is wrong with a spec, one line per problem. */
export function problemsOf(kind: Kind, spec: string): readonly string[] {
  return decodeSpec(kind, spec).problems;
}

function objectText(kind: Kind, spec: string): string {
  const { group } = kinds[kind];
  return `apiVersion: ${group}/${versionsOfGroup[group]?.[0]}
kind: ${kind}
metadata:
  name: example
  namespace: shop
spec:
${indent(spec, 2)}`;
}
