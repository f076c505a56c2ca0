/**
 * What runs in a namespace of a test, as a user of its choice.
 *
 *   serve NAME PORT …            says NAME to everybody who connects, or who asks by UDP (`ADDRESS/PORT`); prints `ready`
 *   connect HOST PORT [FROM]     prints what is said to it, or the code of the error
 *   ask HOST PORT [FROM-PORT]    the same of a question by UDP; an answer from elsewhere than HOST and PORT is none
 *
 * A server says `NAME ADDRESS`, with the address of who asks.
 */
import { createSocket } from 'node:dgram';
import { connect, createServer, isIP } from 'node:net';

/** How long something may go unanswered, in milliseconds. */
const patienceMs = 1500;

const [command = '', first = '', second = '', third] = process.argv.slice(2);
if (command === 'serve') await serve(first, process.argv.slice(4));
if (command === 'connect') converse(first, Number(second), third);
if (command === 'ask') ask(first, Number(second), Number(third ?? 0));

/** IPv4 without the clothes of IPv6. */
function plain(address = ''): string {
  return address.replace(/^::ffff:/, '');
}

async function serve(name: string, ports: readonly string[]): Promise<void> {
  await Promise.all(
    ports.map((port) => {
      const [address = '', number] = port.split('/');
      return number === undefined ? greet(name, Number(port)) : answer(name, address, Number(number));
    }),
  );
  process.stdout.write('ready\n');
}

function greet(name: string, port: number): Promise<void> {
  const server = createServer((socket) => socket.on('error', () => {}).end(`${name} ${plain(socket.remoteAddress)}`));
  return new Promise((resolve, reject) => server.on('error', reject).listen({ port, host: '::' }, resolve));
}

/** At one address, which the answer then comes from. */
function answer(name: string, address: string, port: number): Promise<void> {
  const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4');
  socket.on('message', (_, from) => socket.send(`${name} ${from.address}`, from.port, from.address));
  return new Promise((resolve, reject) => void socket.on('error', reject).bind(port, address, resolve));
}

function converse(host: string, port: number, localAddress: string | undefined): void {
  const socket = connect({ host, port, ...(localAddress === undefined ? {} : { localAddress }) });
  socket.setTimeout(patienceMs, () => end('timeout'));
  socket
    .on('data', (data) => end(data.toString()))
    .on('error', (error: NodeJS.ErrnoException) => end(error.code ?? ''));
  socket.on('end', () => end('closed'));
}

function ask(host: string, port: number, from: number): void {
  const socket = createSocket({ type: isIP(host) === 6 ? 'udp6' : 'udp4', reuseAddr: true });
  socket
    .on('message', (data) => end(data.toString()))
    .on('error', (error: NodeJS.ErrnoException) => end(error.code ?? ''));
  socket.bind(from, () => socket.connect(port, host, () => socket.send('?')));
  setTimeout(() => end('timeout'), patienceMs);
}

function end(said: string): void {
  process.stdout.write(said, () => process.exit(0));
}
