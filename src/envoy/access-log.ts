/** AccessLogIr → AccessLog. */
import type { AccessLogIr } from '../ir/listener.ts';
import type { AccessLog, AccessLogFilter } from '../proto/envoy/config/accesslog/v3/accesslog.ts';
import { FileAccessLog } from '../proto/envoy/extensions/access_loggers/file/v3/file.ts';
import { any } from './values.ts';

export function accessLog({ path, format }: AccessLogIr, filter?: AccessLogFilter): AccessLog {
  return {
    name: 'envoy.access_loggers.file',
    ...(filter === undefined ? {} : { filter }),
    configType: {
      $case: 'typedConfig',
      value: any(FileAccessLog, {
        path,
        accessLogFormat: {
          $case: 'logFormat',
          value:
            format.kind === 'text'
              ? {
                  format: {
                    $case: 'textFormatSource',
                    value: { specifier: { $case: 'inlineString', value: format.text } },
                  },
                }
              : {
                  format: { $case: 'jsonFormat', value: { ...format.fields } },
                  jsonFormatOptions: { sortProperties: false },
                },
        },
      }),
    },
  };
}

/** Connections that no filter chain takes show up nowhere but in the listener's own log. */
export const withoutFilterChain: AccessLogFilter = {
  filterSpecifier: { $case: 'responseFlagFilter', value: { flags: ['NR'] } },
};
