/** What routes, virtual hosts and weighted clusters do to headers, in the order in which Envoy applies it. */
import {
  HeaderValueOption_HeaderAppendAction as AppendAction,
  type HeaderValueOption,
} from '../proto/envoy/config/core/v3/base.ts';
import type { RouteConfiguration } from '../proto/envoy/config/route/v3/route.ts';

export interface HeaderChange {
  readonly action: 'append' | 'add if absent' | 'overwrite' | 'overwrite if present' | 'remove';
  readonly name: string;
  readonly value?: string;
}

/** The four fields of everything that may change headers. */
export interface HeaderRules {
  readonly requestHeadersToAdd?: HeaderValueOption[] | undefined;
  readonly requestHeadersToRemove?: string[] | undefined;
  readonly responseHeadersToAdd?: HeaderValueOption[] | undefined;
  readonly responseHeadersToRemove?: string[] | undefined;
}

/** `levels` from the most specific (a weighted cluster) to the least (the RouteConfiguration). */
export function headerChanges(
  levels: readonly HeaderRules[],
  { mostSpecificHeaderMutationsWins }: RouteConfiguration,
): { readonly request: readonly HeaderChange[]; readonly response: readonly HeaderChange[] } {
  const ordered = mostSpecificHeaderMutationsWins === true ? levels.toReversed() : levels;
  return {
    request: ordered.flatMap(({ requestHeadersToAdd: add, requestHeadersToRemove: remove }) => changes(add, remove)),
    response: ordered.flatMap(({ responseHeadersToAdd: add, responseHeadersToRemove: remove }) => changes(add, remove)),
  };
}

function changes(add: readonly HeaderValueOption[] = [], remove: readonly string[] = []): readonly HeaderChange[] {
  return [
    // Within one level removals come first.
    ...remove.map((name) => ({ action: 'remove' as const, name })),
    ...add.map(({ header, append, appendAction }) => ({
      action: append === false ? ('overwrite' as const) : actions[appendAction ?? AppendAction.APPEND_IF_EXISTS_OR_ADD],
      name: header?.key ?? '',
      value: header?.value ?? '',
    })),
  ];
}

const actions = {
  [AppendAction.APPEND_IF_EXISTS_OR_ADD]: 'append',
  [AppendAction.ADD_IF_ABSENT]: 'add if absent',
  [AppendAction.OVERWRITE_IF_EXISTS_OR_ADD]: 'overwrite',
  [AppendAction.OVERWRITE_IF_EXISTS]: 'overwrite if present',
} as const;
