import type { HttpRequest, HttpResponse } from 'iii-listener';
import { type Clock, Deadlines, type Log, SlotTable } from 'iii-protocol';
import type { IIIClient } from 'iii-sdk';
import type { HttpConfig } from '../config.js';
import { BodyBudget } from '../request/body-budget.js';
import { idField, type RequestId, requestIdOf } from '../request/request-id.js';
import { loggedRequest } from '../request/request-log.js';
import { pathOf } from '../request/target.js';
import { type Answer, errorAnswer } from '../response/answer.js';
import { hasVoidOrigins } from '../response/cors.js';
import type { Lookup, RouteTable } from '../routing/route-table.js';
import { Exchange, type ExchangeContext } from './exchange.js';
import { runExchange } from './run.js';
import { type Settings, settingsOf } from './settings.js';
import { Slots } from './slots.js';

export interface ServerContext {
  readonly iii: IIIClient;
  readonly logger: Log;
  readonly clock: Clock;
}

/** Bytes of bodies in memory at a time, of all requests together. Never less than two of the largest ones. */
const BODY_BUDGET = 256 * 1024 * 1024;

/** Deadlines are exact to twice this. */
const DEADLINE_GRANULARITY_MS = 10;

/** Answers requests with the functions their routes are bound to. */
export class HttpServer {
  readonly #routes: RouteTable;
  readonly #logger: Log;
  readonly #exchangeContext: ExchangeContext;
  readonly #deadlines: Deadlines;
  readonly #exchanges = new SlotTable<Exchange>();
  readonly #slots: Slots;
  /** Of those that stream: as many again, so that streams that last do not keep everybody else out. */
  readonly #streams: Slots;
  #settings: Settings;

  constructor({ iii, logger, clock }: ServerContext, routes: RouteTable, config: HttpConfig) {
    this.#routes = routes;
    this.#logger = logger;
    this.#deadlines = new Deadlines(clock, DEADLINE_GRANULARITY_MS);
    this.#exchangeContext = {
      clock,
      logger,
      deadlines: this.#deadlines,
      bodies: new BodyBudget(() => Math.max(BODY_BUDGET, 2 * this.#settings.bodyLimit)),
      places: {
        enter: (exchange) => this.#slots.enter(exchange),
        leave: (exchange) => this.#slots.leave(exchange),
        streams: (exchange) => {
          if (this.#streams.tryTake(exchange)) this.#slots.leave(exchange);
        },
      },
      run: (exchange) => void runExchange(exchange, { iii, logger, deadlines: this.#deadlines }),
    };
    this.#slots = new Slots(config.concurrency_request_limit);
    this.#streams = new Slots(config.concurrency_request_limit);
    this.#settings = this.#read(config);
  }

  /** Requests that have a route and are not completely answered. */
  get inFlight(): number {
    return this.#exchanges.size;
  }

  /** Counts for requests that come from now on; the others keep what they began with. */
  reconfigure(config: HttpConfig): void {
    this.#settings = this.#read(config);
    this.#slots.resize(config.concurrency_request_limit);
    this.#streams.resize(config.concurrency_request_limit);
  }

  /** Answers what is in flight with 503, and cuts those that do not take their answer. */
  cut(): void {
    for (const exchange of this.#exchanges) exchange.cut();
  }

  close(): void {
    this.#deadlines.close();
  }

  /** spec/worker-http.md §4, §5 */
  readonly serve = (request: HttpRequest, response: HttpResponse): void => {
    const lookup = this.#routes.find(request.method, pathOf(request.path));
    const { finish, requestIdHeader } = this.#settings;
    const id = requestIdOf(request, requestIdHeader);
    const isPreflight = request.method === 'OPTIONS' && request.header('access-control-request-method');
    if (lookup.found === 'route' && !isPreflight) {
      this.#dispatch(request, response, lookup, id);
    } else if (request.method === 'OPTIONS') {
      response.send(200, [...finish.preflight(request, id), ...allowHeader(lookup)]);
    } else {
      const { status, headers, body } = missAnswer(lookup);
      response.send(status, finish.apply(request, headers, id), body);
    }
  };

  #dispatch(
    request: HttpRequest,
    response: HttpResponse,
    { route, pathParams }: Extract<Lookup, { found: 'route' }>,
    id: RequestId | undefined,
  ): void {
    this.#logger.debug(
      { request: loggedRequest(request), ...idField(id) },
      `${request.method} ${route.apiPath}`,
    );
    const context = this.#exchangeContext;
    const exchange = new Exchange(
      request,
      response,
      { route, pathParams, settings: this.#settings, id },
      context,
    );
    const slot = this.#exchanges.add(exchange);
    response.onClosed((completed) => {
      exchange.closed(completed);
      this.#exchanges.remove(slot);
      this.#slots.leave(exchange);
      this.#streams.leave(exchange);
    });
    this.#slots.enter(exchange);
  }

  #read(config: HttpConfig): Settings {
    if (config.cors !== null && hasVoidOrigins(config.cors)) {
      this.#logger.warn({}, 'cors.allowed_origins has "*" among others: every origin is allowed');
    }
    return settingsOf(config);
  }
}

/** Without a route for the method. */
function missAnswer(lookup: Lookup): Answer {
  if (lookup.found === 'nothing') return errorAnswer('NOT_FOUND');
  const { status, headers, body } = errorAnswer('METHOD_NOT_ALLOWED');
  return { status, headers: [...headers, ...allowHeader(lookup)], body };
}

function allowHeader(lookup: Lookup): Array<readonly [string, string]> {
  return lookup.found === 'methods' ? [['allow', lookup.allow.join(',')]] : [];
}
