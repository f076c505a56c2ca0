/**
 * What an Envoy with a given configuration does with a call, step by step as Envoy 1.40 decides it:
 *
 *      call ─► listener ─► listener filters ─► filter chain ─► TLS ─► network filter ─┬─► TCP proxy ──────────────────┐
 *                                                                                     └─► virtual host ─► route ─► action ─► cluster ─► endpoints
 *
 * Pure: it reads nothing but its arguments. What it does not evaluate (matcher trees, extensions it does not know) ends in
 * an outcome that says so.
 */
import type { RouteConfiguration } from '../proto/envoy/config/route/v3/route.ts';
import type { HttpConnectionManager } from '../proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts';
import { act } from './action.ts';
import type { Call } from './call.ts';
import type { Configuration } from './configuration.ts';
import { chooseFilterChain } from './filter-chain.ts';
import { asGrpc, isGrpc } from './grpc.ts';
import { acceptingListener, localAddress, servingListener } from './listener.ts';
import { inspect } from './listener-filters.ts';
import { terminalFilter } from './network-filters.ts';
import { type Choice, chosen, ending, type Outcome, type Step } from './outcome.ts';
import { type Arrival, answer, type Request, readRequest } from './request.ts';
import { chooseRoute } from './route.ts';
import { passBytes } from './tcp.ts';
import { handshake } from './transport.ts';
import { chooseVirtualHost } from './virtual-host.ts';

export function evaluate(configuration: Configuration, call: Call): Outcome {
  const { listeners, open } = configuration;
  const steps: Step[] = [];
  const accepting = take(steps, acceptingListener(listeners, call));
  if (accepting.found === undefined) return { steps, result: accepting.end };
  const { listener, step } = servingListener(listeners, accepting.found, call);
  if (step !== undefined) steps.push(step);
  const connection = take(steps, inspect(listener, call, localAddress(call, accepting.found, listener)));
  if (connection.found === undefined) return { steps, result: connection.end };
  const chain = take(steps, chooseFilterChain(listener, connection.found));
  if (chain.found === undefined) return { steps, result: chain.end };
  const session = take(steps, handshake(chain.found, call, open));
  if (session.found === undefined) return { steps, result: session.end };
  const terminal = take(steps, terminalFilter(chain.found, open));
  if (terminal.found === undefined) return { steps, result: terminal.end };
  const arrival = { call, connection: connection.found, session: session.found };
  const { steps: more, result } =
    terminal.found.kind === 'http'
      ? serveHttp(configuration, terminal.found.manager, arrival)
      : passBytes(configuration, { ...terminal.found, ...arrival });
  return { steps: [...steps, ...more], result };
}

function serveHttp(configuration: Configuration, manager: HttpConnectionManager, arrival: Arrival): Outcome {
  const steps: Step[] = [];
  const request = take(steps, readRequest(manager, arrival));
  if (request.found === undefined) return { steps, result: request.end };
  const { steps: more, result } = routeRequest(configuration, manager, request.found, arrival);
  return { steps: [...steps, ...more], result: isGrpc(request.found) ? asGrpc(result) : result };
}

function routeRequest(
  configuration: Configuration,
  manager: HttpConnectionManager,
  request: Request,
  { connection }: Arrival,
): Outcome {
  const steps: Step[] = [];
  const routes = take(steps, routesOf(manager, configuration));
  if (routes.found === undefined) return { steps, result: routes.end };
  const virtualHost = take(steps, chooseVirtualHost(routes.found, request));
  if (virtualHost.found === undefined) return { steps, result: virtualHost.end };
  const chosenRoute = take(steps, chooseRoute(virtualHost.found, request));
  if (chosenRoute.found === undefined) return { steps, result: chosenRoute.end };
  const acted = act(configuration, {
    manager,
    routes: routes.found,
    virtualHost: virtualHost.found,
    route: chosenRoute.found,
    request,
    connection,
  });
  return { steps: [...steps, ...acted.steps], result: acted.result };
}

function routesOf(
  { routeSpecifier }: HttpConnectionManager,
  { routeConfigurations }: Configuration,
): Choice<RouteConfiguration> {
  switch (routeSpecifier?.$case) {
    case 'routeConfig': {
      const { value } = routeSpecifier;
      return {
        found: value,
        step: chosen('route configuration', value.name ?? '', 'the connection manager contains it'),
      };
    }
    case 'rds': {
      const name = routeSpecifier.value.routeConfigName ?? '';
      const found = routeConfigurations.get(name);
      if (found !== undefined)
        return { found, step: chosen('route configuration', name, 'the connection manager asks for it') };
      const because = `there is no RouteConfiguration ${name}`;
      return ending('route configuration', { ...answer(404, because), error: 'no virtual host matched' });
    }
    default: {
      const because = 'the connection manager has scoped routes, which are not evaluated';
      return ending('route configuration', { kind: 'undecided', because });
    }
  }
}

/** Notes the step of a choice. */
function take<T>(steps: Step[], choice: Choice<T>): Choice<T> {
  steps.push(choice.step);
  return choice;
}
