/** Folders to bring up: a copy of the bookshop, and a mesh of two pods. Ports and addresses are those of one test alone. */
import { once } from 'node:events';
import { cpSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AddressBlock } from '../../../src/up/address-block.ts';
import type { TempFolder } from '../../support/temp-folder.ts';

const examples = fileURLToPath(new URL('../../../examples', import.meta.url));

/** A port of 127.0.0.1 that nobody listens on right now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Copies the bookshop, with another port for its gateway and other stated addresses. */
export function copyBookshop(folder: TempFolder, gatewayPort: number, addresses: AddressBlock): void {
  copyExample('bookshop', folder, (text) =>
    text.replaceAll('8080', String(gatewayPort)).replaceAll('127.4.0.', addresses.at(100, 1).replace(/\d+$/, '')),
  );
}

/** Copies the bakery, whose services are in Consul, with another port for its gateway. */
export function copyBakery(folder: TempFolder, gatewayPort: number): void {
  copyExample('consul', folder, (text) => text.replaceAll('8080', String(gatewayPort)));
}

function copyExample(name: string, folder: TempFolder, edit: (text: string) => string): void {
  cpSync(join(examples, name), folder.path, { recursive: true });
  for (const file of globSync('**/*.yaml', { cwd: folder.path }))
    writeFileSync(folder.at(file), edit(readFileSync(folder.at(file), 'utf8')));
}

const greeter = `
const { HOST, PORT, GREETING } = process.env;
require("node:http").createServer((_, response) => response.end(GREETING)).listen(PORT, HOST);
`;

/** A gateway and one service behind it that answers with a greeting. */
export function smallMesh(gatewayPort: number): string {
  return `
apiVersion: v1
kind: Service
metadata: { name: greeter, namespace: small }
spec:
  selector: { app: greeter }
  ports: [{ name: http, port: 80, targetPort: 9080 }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: greeter, namespace: small }
spec:
  selector: { matchLabels: { app: greeter } }
  template:
    metadata:
      labels: { app: greeter }
      annotations: { up.fairway.dev/local: "true" }
    spec:
      containers:
        - name: greeter
          command: [node, -e, ${JSON.stringify(greeter)}]
          env: [{ name: GREETING, value: hello }]
          ports: [{ name: http, containerPort: 9080 }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: door, namespace: small }
spec:
  selector: { matchLabels: { istio: door } }
  template:
    metadata:
      labels: { istio: door }
      annotations: { up.fairway.dev/local: "true", inject.istio.io/templates: gateway }
    spec:
      containers: [{ name: istio-proxy, image: auto, ports: [{ containerPort: ${gatewayPort} }] }]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: door, namespace: small }
spec:
  selector: { istio: door }
  servers: [{ port: { number: ${gatewayPort}, name: http, protocol: HTTP }, hosts: ["*"] }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: door, namespace: small }
spec:
  hosts: ["*"]
  gateways: [door]
  http: [{ route: [{ destination: { host: greeter, port: { number: 80 } } }] }]
`;
}
