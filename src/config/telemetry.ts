/** Telemetry: its schema. */
import { boolean, duration, enumOf, type Infer, list, map, number, object, string } from '../lib/schema.ts';
import * as about from './about/telemetry.ts';
import { attachment } from './security.ts';

const mode = enumOf('CLIENT_AND_SERVER', 'CLIENT', 'SERVER');
const providers = list(object({ name: string }, { required: ['name'] }));

const tracing = object(
  {
    match: object({ mode }),
    providers,
    randomSamplingPercentage: number,
    disableSpanReporting: boolean,
    disableContextPropagation: boolean,
    customTags: map(
      object(
        {
          literal: object({ value: string }),
          environment: object({ name: string, defaultValue: string }),
          header: object({ name: string, defaultValue: string }),
          formatter: object({ value: string }),
        },
        { exclusive: [['literal', 'environment', 'header', 'formatter']] },
      ),
    ),
    useRequestIdForTraceSampling: boolean,
    enableIstioTags: boolean,
  },
  { about: about.tracing },
);

const metric = enumOf(
  'ALL_METRICS',
  'REQUEST_COUNT',
  'REQUEST_DURATION',
  'REQUEST_SIZE',
  'RESPONSE_SIZE',
  'TCP_OPENED_CONNECTIONS',
  'TCP_CLOSED_CONNECTIONS',
  'TCP_SENT_BYTES',
  'TCP_RECEIVED_BYTES',
  'GRPC_REQUEST_MESSAGES',
  'GRPC_RESPONSE_MESSAGES',
);

const metrics = object(
  {
    providers,
    overrides: list(
      object({
        match: object({ metric, customMetric: string, mode }, { exclusive: [['metric', 'customMetric']] }),
        disabled: boolean,
        tagOverrides: map(object({ operation: enumOf('UPSERT', 'REMOVE'), value: string })),
      }),
    ),
    reportingInterval: duration,
  },
  { about: about.metrics },
);

const accessLogging = object(
  { match: object({ mode }), providers, disabled: boolean, filter: object({ expression: string }) },
  { about: about.accessLogging },
);

export const telemetry = object(
  { ...attachment, tracing: list(tracing), metrics: list(metrics), accessLogging: list(accessLogging) },
  { about: about.telemetry },
);

export type Telemetry = Infer<typeof telemetry>;
