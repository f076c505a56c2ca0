/** HeadersIr → the fields by which a route, or a destination by weight, changes headers. */
import type { HeadersIr, HeaderValueIr } from '../../ir/route.ts';
import { type HeaderValueOption, HeaderValueOption_HeaderAppendAction } from '../../proto/envoy/config/core/v3/base.ts';

export interface HeaderChanges {
  requestHeadersToAdd?: HeaderValueOption[];
  requestHeadersToRemove?: string[];
  responseHeadersToAdd?: HeaderValueOption[];
  responseHeadersToRemove?: string[];
}

export function headerChanges({
  requestAdd = [],
  requestRemove = [],
  responseAdd = [],
  responseRemove = [],
}: HeadersIr = {}): HeaderChanges {
  return {
    ...(requestAdd.length === 0 ? {} : { requestHeadersToAdd: requestAdd.map(option) }),
    ...(requestRemove.length === 0 ? {} : { requestHeadersToRemove: [...requestRemove] }),
    ...(responseAdd.length === 0 ? {} : { responseHeadersToAdd: responseAdd.map(option) }),
    ...(responseRemove.length === 0 ? {} : { responseHeadersToRemove: [...responseRemove] }),
  };
}

function option({ name, value, mode }: HeaderValueIr): HeaderValueOption {
  const { APPEND_IF_EXISTS_OR_ADD, OVERWRITE_IF_EXISTS_OR_ADD } = HeaderValueOption_HeaderAppendAction;
  return {
    header: { key: name, value },
    appendAction: mode === 'append' ? APPEND_IF_EXISTS_OR_ADD : OVERWRITE_IF_EXISTS_OR_ADD,
  };
}
