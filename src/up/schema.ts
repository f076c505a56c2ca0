/** The parts of Deployments and Services that decide what runs on this machine. */
import { any, boolean, type Infer, integer, intOrString, list, map, object, string } from '../lib/schema.ts';

const open = { isOpen: true } as const;
const port = integer(0, 65535);

const container = object(
  {
    name: string,
    command: list(string),
    args: list(string),
    workingDir: string,
    env: list(
      object(
        {
          name: string,
          value: intOrString,
          valueFrom: object({ fieldRef: object({ fieldPath: string }, open) }, open),
        },
        { required: ['name'] },
      ),
    ),
    ports: list(object({ name: string, containerPort: port, protocol: string }, open)),
    readinessProbe: object({ httpGet: object({ path: string, port: intOrString }, open) }, open),
  },
  open,
);

const podMetadata = object({ labels: map(string), annotations: map(string) }, open);

export const deployment = object(
  {
    metadata: any,
    spec: object(
      {
        replicas: integer(0, 100),
        template: object(
          {
            metadata: podMetadata,
            spec: object({ serviceAccountName: string, containers: list(container) }, open),
          },
          open,
        ),
      },
      open,
    ),
  },
  open,
);

export const service = object(
  {
    spec: object(
      {
        selector: map(string),
        publishNotReadyAddresses: boolean,
        ports: list(object({ name: string, port, targetPort: intOrString, protocol: string }, open)),
      },
      open,
    ),
  },
  open,
);

export type Container = Infer<typeof container>;
export type ServiceObject = Infer<typeof service>;
