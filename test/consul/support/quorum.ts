/** Three servers that elect a leader and refuse whoever has no token, and the agent of a node beside them. */
import { randomUUID } from 'node:crypto';
import type { AddressBlock } from '../../../src/up/address-block.ts';
import { until } from '../../support/until.ts';
import { type Consul, startConsul } from './consul.ts';

export interface Quorum {
  readonly servers: readonly [Consul, Consul, Consul];
  /** Where instances register. Its requests, and those of the servers, may do anything. */
  readonly agent: Consul;
  /** Makes a token that may read services and nodes. */
  makeToken(): Promise<Token>;
  /** Resolves when there is a leader that knows of all servers. */
  untilLed(): Promise<void>;
  close(): Promise<void>;
}

export interface Token {
  readonly AccessorID: string;
  readonly SecretID: string;
}

/** `connections`: how many of one client a server takes. */
export async function startQuorum(program: string, block: AddressBlock, connections: number): Promise<Quorum> {
  const token = randomUUID();
  const access = `acl { enabled = true default_policy = "deny" tokens { master = "${token}" agent = "${token}" } }`;
  const limits = `limits { http_max_conns_per_client = ${connections} }`;
  const all: Consul[] = [];
  const close = async () => void (await Promise.all(all.map((one) => one.close())));
  const start = async (number: number, mode: 'server' | 'client', settings: string) => {
    const joins = all[0]?.ip ?? block.at(210, 2);
    const consul = await startConsul({ program, block, number, mode, joins, settings, token, isUpWith: 'http' });
    all.push(consul);
    return consul;
  };
  try {
    const server = (number: number) => start(number, 'server', `bootstrap_expect = 3 ${access} ${limits}`);
    const servers = [await server(1), await server(2), await server(3)] as const;
    const agent = await start(4, 'client', access);
    const untilLed = () =>
      until(async () => (await agent.instances('consul').catch(() => [])).length === 3, {
        what: 'a leader that knows three servers',
        mostMs: 40_000,
      });
    await untilLed();
    const policy = {
      Name: 'read-services',
      Rules: 'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }',
    };
    const untilDone = (what: string, work: () => Promise<unknown>) =>
      until(
        () =>
          work()
            .then(() => true)
            .catch(() => false),
        { what, mostMs: 40_000 },
      );
    // A new leader is in the legacy mode of access control until it knows that all servers are newer.
    await untilDone('a policy to be made', () => agent.request('PUT', '/v1/acl/policy', policy));
    // An agent asks any server what a token may do, one that has not heard of the token yet, too.
    await untilDone('a service to be registered', () => agent.register({ Name: 'first', Port: 80 }));
    await agent.deregister('first');
    const makeToken = async () =>
      (await agent.request('PUT', '/v1/acl/token', { Policies: [{ Name: 'read-services' }] })) as Token;
    return { servers, agent, makeToken, untilLed, close };
  } catch (error) {
    await close();
    throw error;
  }
}
