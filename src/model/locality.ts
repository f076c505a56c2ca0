/** Where a workload runs. A part that is not known is empty; a zone without a region does not occur. */
export interface Locality {
  readonly region: string;
  readonly zone: string;
  readonly subzone: string;
}

export const nowhere: Locality = { region: '', zone: '', subzone: '' };

/** Reads Istio's form `region/zone/subzone`, whose later parts may be absent. */
export function parseLocality(text: string): Locality {
  const [region = '', zone = '', subzone = ''] = text.split('/');
  return { region, zone, subzone };
}

/** The form that parseLocality reads, without trailing empty parts; empty for nowhere. */
export function formatLocality({ region, zone, subzone }: Locality): string {
  return `${region}/${zone}/${subzone}`.replace(/\/+$/, '');
}
