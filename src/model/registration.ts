/** How a WorkloadEntry says that its workload has registered itself: Istio's annotations, and one of ours. */
import type { Labels } from './labels.ts';

export const registrationAnnotations = {
  /** The WorkloadGroup that the entry was made of. */
  group: 'istio.io/autoRegistrationGroup',
  /** The replica of the control plane that the workload is, or was, connected to. */
  controller: 'istio.io/workloadController',
  connectedAt: 'istio.io/connectedAt',
  disconnectedAt: 'istio.io/disconnectedAt',
  /** When another replica has asked whether the controller still lives; the controller takes it away. */
  asked: 'registration.fairway.dev/askedAt',
} as const;

/** Times are milliseconds since the epoch. */
export interface RegistrationState {
  readonly group: string;
  readonly controller: string;
  readonly connectedAtMs: number | undefined;
  readonly disconnectedAtMs: number | undefined;
  readonly askedAtMs: number | undefined;
}

/** Undefined for an entry that somebody has written. */
export function registrationState(annotations: Labels): RegistrationState | undefined {
  const { group, controller, connectedAt, disconnectedAt, asked } = registrationAnnotations;
  const name = annotations[group];
  if (name === undefined || name === '') return undefined;
  return {
    group: name,
    controller: annotations[controller] ?? '',
    connectedAtMs: timeIn(annotations[connectedAt]),
    disconnectedAtMs: timeIn(annotations[disconnectedAt]),
    askedAtMs: timeIn(annotations[asked]),
  };
}

function timeIn(text: string | undefined): number | undefined {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? undefined : time;
}
