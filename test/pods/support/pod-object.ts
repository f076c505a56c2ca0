/** Pods as API servers hold them, as far as the node that runs them reads them. */

export interface PodObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly nodeName?: string;
    readonly serviceAccountName?: string;
    readonly securityContext?: { readonly sysctls?: readonly { readonly name: string; readonly value: string }[] };
    readonly initContainers?: readonly ContainerObject[];
    readonly containers: readonly ContainerObject[];
  };
}

export interface ContainerObject {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly env?: readonly EnvironmentVariable[];
  readonly restartPolicy?: 'Always';
  readonly securityContext?: SecurityContext;
  readonly startupProbe?: HttpProbe;
  readonly readinessProbe?: HttpProbe;
  readonly lifecycle?: { readonly postStart?: Hook; readonly preStop?: Hook };
}

interface EnvironmentVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
}

export interface SecurityContext {
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly allowPrivilegeEscalation?: boolean;
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
}

export interface HttpProbe {
  readonly httpGet: { readonly path: string; readonly port: number };
}

export interface Hook {
  readonly exec?: { readonly command: readonly string[] };
  readonly sleep?: { readonly seconds: number };
}

/** What a container's environment says in this pod. Throws for a reference that kubelets know and this one does not. */
export function environmentOf(
  { metadata, spec }: PodObject,
  addresses: readonly string[],
  { env = [] }: ContainerObject,
): Readonly<Record<string, string>> {
  const fields: Readonly<Record<string, string | undefined>> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'spec.nodeName': spec.nodeName,
    'spec.serviceAccountName': spec.serviceAccountName ?? 'default',
    'status.podIP': addresses[0],
    'status.podIPs': addresses.join(','),
    'status.hostIP': '10.77.0.1',
  };
  const valueOf = ({ name, value, valueFrom }: EnvironmentVariable) => {
    if (valueFrom === undefined) return value ?? '';
    const path = valueFrom.fieldRef?.fieldPath ?? '';
    const found = fields[path];
    if (found === undefined) throw new Error(`expected a field that this node knows for ${name}, found ${path}`);
    return found;
  };
  return Object.fromEntries(env.map((variable) => [variable.name, valueOf(variable)]));
}

/** A file of the downward API: labels or annotations, one a line. */
export function downwardText(values: Readonly<Record<string, string>> = {}): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}\n`)
    .join('');
}
