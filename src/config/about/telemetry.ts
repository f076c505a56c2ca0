/** What the fields of a Telemetry are for. */
import { attachment } from './security.ts';

const providers = {
  providers: 'Providers that get it, in place of those that the mesh names.',
  'providers.name': 'The name of a provider in the MeshConfig.',
};

export const tracing = {
  ...providers,
  match: 'Which requests; all by default.',
  'match.mode': 'Whether the workload is the client, the server or either.',
  randomSamplingPercentage: 'The percentage of requests that are traced when nobody has decided yet.',
  disableSpanReporting: 'Whether nothing is reported, while traces go on.',
  disableContextPropagation: 'Whether headers of traces are not handed on.',
  customTags: 'Further tags of spans, by name.',
  'customTags.literal': 'A tag that is always the same.',
  'customTags.literal.value': 'Its value.',
  'customTags.environment': "A tag from the proxy's environment.",
  'customTags.environment.name': 'The name of the variable.',
  'customTags.environment.defaultValue': 'The value where there is no such variable.',
  'customTags.header': 'A tag from a header of the request.',
  'customTags.header.name': 'The name of the header.',
  'customTags.header.defaultValue': 'The value where there is no such header.',
  'customTags.formatter': "A tag in the form of Envoy's access logs.",
  'customTags.formatter.value': 'Its form, such as %RESPONSE_CODE%.',
  useRequestIdForTraceSampling: 'Whether x-request-id takes part in deciding what is traced.',
  enableIstioTags: "Whether spans have Istio's own tags.",
};

export const metrics = {
  ...providers,
  overrides: 'Changes to single metrics, in this order.',
  'overrides.match': 'Which metrics; all by default.',
  'overrides.match.metric': "One of Istio's metrics.",
  'overrides.match.customMetric': 'A metric by another name.',
  'overrides.match.mode': 'Whether the workload is the client, the server or either.',
  'overrides.disabled': 'Whether these metrics are left out.',
  'overrides.tagOverrides': 'Changes to tags, by name.',
  'overrides.tagOverrides.operation': 'Whether the tag is set or removed.',
  'overrides.tagOverrides.value': 'An expression in CEL that yields the value.',
  reportingInterval: 'The time between two reports.',
};

export const accessLogging = {
  ...providers,
  match: 'Which requests; all by default.',
  'match.mode': 'Whether the workload is the client, the server or either.',
  disabled: 'Whether these providers get no access logs.',
  filter: 'Which requests are logged.',
  'filter.expression': 'An expression in CEL that is true for these.',
};

export const telemetry = {
  ...attachment,
  tracing: 'How requests are traced.',
  metrics: 'Which metrics are kept, and how.',
  accessLogging: 'Which requests are logged, and where.',
};
