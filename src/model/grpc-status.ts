/** The number of a gRPC status given by name or number; undefined when there is none such. */
export function grpcStatusNumber(status: string): number | undefined {
  const number = /^\d+$/.test(status) ? Number(status) : statuses.indexOf(status);
  return number >= 0 && number < statuses.length ? number : undefined;
}

/** gRPC's status codes by number. https://github.com/grpc/grpc/blob/master/doc/statuscodes.md */
const statuses = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];
