/**
 * Credentials that a program hands out, as kubeconfigs of cloud providers name them.
 *
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
 */
import { execFile } from 'node:child_process';
import { decodeOr } from '../lib/decode-or.ts';
import { type Infer, list, object, string, timestamp } from '../lib/schema.ts';
import { AccessError, type Credential, type Credentials } from '../lib/server-access.ts';

export const execConfig = object(
  {
    apiVersion: string,
    command: string,
    args: list(string),
    env: list(object({ name: string, value: string }, { required: ['name', 'value'] })),
    installHint: string,
    interactiveMode: string,
  },
  { required: ['command'], isOpen: true },
);
export type ExecConfig = Infer<typeof execConfig>;

const execCredential = object(
  {
    status: object(
      {
        token: string,
        clientCertificateData: string,
        clientKeyData: string,
        expirationTimestamp: timestamp,
      },
      { isOpen: true },
    ),
  },
  { required: ['status'], isOpen: true },
);

/** No plugin needs longer than a round trip to its provider, in milliseconds. */
const patienceMs = 30_000;
/** A credential is renewed this long before it expires, in milliseconds: a request under way must outlive it. */
const spareMs = 30_000;

/** `now` is the time in milliseconds since the epoch, which expiry is judged by. */
export function execCredentials(config: ExecConfig, now: () => number = Date.now): Credentials {
  let known: { readonly credential: Credential; readonly untilMs: number } | undefined;
  let running: Promise<Credential> | undefined;
  const renew = async () => {
    const { untilMs, ...credential } = await run(config);
    known = { credential, untilMs: untilMs ?? Number.POSITIVE_INFINITY };
    return credential;
  };
  return {
    async current() {
      if (known !== undefined && now() < known.untilMs - spareMs) return known.credential;
      running ??= renew().finally(() => {
        running = undefined;
      });
      return running;
    },
    refused() {
      known = undefined;
    },
  };
}

async function run(config: ExecConfig): Promise<Credential & { readonly untilMs?: number }> {
  const { command, args = [], env = [], apiVersion = 'client.authentication.k8s.io/v1' } = config;
  const info = { apiVersion, kind: 'ExecCredential', spec: { interactive: false } };
  const own = Object.fromEntries(env.map(({ name, value }) => [name, value]));
  const output = await new Promise<string>((resolve, reject) => {
    const options = {
      env: { ...process.env, ...own, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
      timeout: patienceMs,
      maxBuffer: 1024 * 1024,
    };
    const child = execFile(command, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(failure(config, error, stderr));
    });
    child.stdin?.end();
  });
  const { status } = decodeOr(execCredential, parsed(output), (message) => {
    throw new AccessError(`${command}: expected an ExecCredential, found a wrong one: ${message}`);
  });
  const { token, clientCertificateData: certificate, clientKeyData: key, expirationTimestamp: untilMs } = status;
  if (token === undefined && certificate === undefined)
    throw new AccessError(`${command}: expected a token or a certificate in its ExecCredential, found neither`);
  return {
    ...(token === undefined ? {} : { token }),
    ...(certificate === undefined || key === undefined ? {} : { certificate, key }),
    ...(untilMs === undefined ? {} : { untilMs }),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function failure({ command, installHint = '' }: ExecConfig, error: Error, stderr: string): AccessError {
  const isMissing = 'code' in error && error.code === 'ENOENT';
  const said = stderr.trim().split('\n').at(-1) ?? '';
  const message = isMissing
    ? `cannot run ${command}, which the kubeconfig names for credentials: it is not there. ${installHint}`
    : `${command}, which the kubeconfig names for credentials, failed: ${said === '' ? error.message : said}`;
  return new AccessError(message.trim(), { cause: error });
}
