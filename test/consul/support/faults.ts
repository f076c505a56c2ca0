/** What can go wrong between a control plane and a Consul, as answers of a fault proxy. */
import type { ServerResponse } from 'node:http';
import type { Answer, Asked, Fault } from '../../support/http-fault-proxy.ts';

type Answers = NonNullable<Fault['answer']>;

/** As Consul tells errors: plain text, and an index that means nothing. */
export const says =
  (status: number, body: string): Answers =>
  (response) => {
    response.writeHead(status, {
      'content-type': 'text/plain; charset=utf-8',
      'x-consul-index': '1',
      'x-consul-knownleader': 'false',
    });
    response.end(body);
  };

/** A load balancer's page, with a status that is its own to choose. */
export const html =
  (status: number): Answers =>
  (response) => {
    response.writeHead(status, { 'content-type': 'text/html' }).end('<html><body>no backend</body></html>');
  };

/** Takes the request and never answers. */
export const isSilent: Answers = () => {};

/** Resets the connection, as a Consul does that has too many of one client. */
export const resets: Answers = (response) => void response.socket?.resetAndDestroy();

/** Sends some of an answer and closes its side of the connection. */
export const halfCloses: Answers = (response) => {
  begun(response).write('[{"Node":{"Node":', () => response.socket?.end());
};

/** Sends some of an answer and then nothing, while the connection stays. */
export const stallsWithin: Answers = (response) => {
  begun(response).write('[{"Node":{"Node":');
};

function begun(response: ServerResponse): ServerResponse {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '4000', 'x-consul-index': '99' });
  return response;
}

/** Another index in place of the true one. */
export const withIndex =
  (index: (found: number) => number | string): NonNullable<Fault['bend']> =>
  (answer) =>
    withHeaders(answer, { 'x-consul-index': String(index(Number(answer.headers['x-consul-index']))) });

export function withHeaders(answer: Answer, headers: Answer['headers']): Answer {
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

/** An empty list in place of the true one, with an index and headers as if all were well. */
export const empties: NonNullable<Fault['bend']> = (answer, { path }) =>
  answer.status === 200 ? { ...answer, body: path === '/v1/catalog/services' ? '{}' : '[]' } : answer;

/** Requests for instances of one service, or of any. */
export const ofInstances =
  (name?: string) =>
  ({ path }: Asked): boolean =>
    name === undefined ? path.startsWith('/v1/health/service/') : path === `/v1/health/service/${name}`;

export const ofNames = ({ path }: Asked): boolean => path === '/v1/catalog/services';
