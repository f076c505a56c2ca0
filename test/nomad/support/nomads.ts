/** The Nomads that suites run against: always the stand-in, and a real one where there is one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { after, before, describe } from 'node:test';
import { tempFolder } from '../../support/temp-folder.ts';
import { until } from '../../support/until.ts';
import { type NomadClient, nomadClient } from './nomad-client.ts';
import { NomadServer } from './nomad-server.ts';

/**
 * A suite against the stand-in, and against the Nomad at NOMAD_ADDR or an agent of the `nomad` on PATH. Without either the second
 * part is skipped with the reason, on CI as well: set-up fetches no Nomad, as newer ones than 1.6 have no open-source licence.
 */
export function describeNomads(name: string, body: (nomad: () => NomadClient) => void): void {
  describe(`${name} (stand-in)`, () => {
    const server = new NomadServer();
    before(() => server.start());
    after(() => server.close());
    body(() => nomadClient(server.url));
  });
  const address = process.env.NOMAD_ADDR;
  const program = onPath('nomad');
  if (address !== undefined) describe(`${name} (${address})`, () => body(() => nomadClient(address)));
  else if (program !== undefined) describeAgent(`${name} (nomad)`, program, body);
  else
    describe(`${name} (nomad)`, { skip: 'expected a Nomad, found none: set NOMAD_ADDR, or install nomad' }, () => {});
}

function describeAgent(name: string, program: string, body: (nomad: () => NomadClient) => void): void {
  describe(name, () => {
    const folder = tempFolder({ after });
    let agent: ChildProcess | undefined;
    let client: NomadClient | undefined;
    before(async () => {
      const [http = 0, rpc = 0, serf = 0] = await freePorts(3);
      const config = folder.at('ports.hcl');
      const rawExec = 'plugin "raw_exec" { config { enabled = true } }';
      writeFileSync(config, `ports { http = ${http} rpc = ${rpc} serf = ${serf} }\n${rawExec}\n`);
      agent = spawn(program, ['agent', '-dev', '-bind=127.0.0.1', `-config=${config}`], { stdio: 'ignore' });
      client = nomadClient(`http://127.0.0.1:${http}`);
      await until(() => hasNode(client as NomadClient), { what: 'an agent with a node', mostMs: 60_000 });
    });
    after(() => {
      agent?.kill('SIGINT');
    });
    body(() => client as NomadClient);
  });
}

async function hasNode(client: NomadClient): Promise<boolean> {
  try {
    const { value } = await client.read<readonly { readonly Status: string }[]>('/v1/nodes');
    return value.some(({ Status }) => Status === 'ready');
  } catch {
    return false;
  }
}

function onPath(program: string): string | undefined {
  const paths = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, program));
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Ports that were free just now, all at the same time. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  return Promise.all(
    servers.map((server) => {
      const { port } = server.address() as { readonly port: number };
      return new Promise<number>((resolve) => server.close(() => resolve(port)));
    }),
  );
}
