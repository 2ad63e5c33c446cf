import type { TriggerConfig } from 'iii-sdk/trigger';
import { HttpError } from '../errors.js';
import { isRecord } from '../is-record.js';
import { type Pattern, parsePattern } from './pattern.js';

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'] as const;
export type Method = (typeof METHODS)[number];

/** A trigger of type `http`: requests of a method on a path go to a function (spec/worker-http.md §2.1). */
export interface Route {
  /** Id of the trigger. */
  readonly id: string;
  readonly method: Method;
  /** As registered. */
  readonly apiPath: string;
  readonly pattern: Pattern;
  readonly functionId: string;
  /** Where the function, its condition and its middleware are called. */
  readonly namespace: string;
  readonly conditionId: string | undefined;
  readonly middlewareIds: readonly string[];
  /** For the function alone. */
  readonly metadata: Readonly<Record<string, unknown>> | undefined;
}

/** @throws HttpError `api_path_required`, `invalid_api_path`, `unsupported_method`. */
export function parseRoute(trigger: TriggerConfig<unknown>, defaultNamespace: string): Route {
  const config = isRecord(trigger.config) ? trigger.config : {};
  const { api_path: apiPath, http_method, condition_function_id, middleware_function_ids } = config;
  if (typeof apiPath !== 'string') {
    const given = apiPath === undefined ? 'it is missing' : `it is ${JSON.stringify(apiPath)}, not a string`;
    throw new HttpError('api_path_required', `api_path is required, and ${given}`);
  }
  return {
    id: trigger.id,
    method: parseMethod(http_method),
    apiPath,
    pattern: parsePattern(apiPath),
    functionId: trigger.function_id,
    namespace: trigger.namespace ?? defaultNamespace,
    conditionId: typeof condition_function_id === 'string' ? condition_function_id : undefined,
    middlewareIds: Array.isArray(middleware_function_ids)
      ? middleware_function_ids.filter((id) => typeof id === 'string')
      : [],
    metadata: trigger.metadata,
  };
}

function parseMethod(given: unknown): Method {
  if (typeof given !== 'string') return 'GET';
  const method = METHODS.find((known) => known === given.toUpperCase());
  if (method === undefined) {
    throw new HttpError('unsupported_method', `http_method ${JSON.stringify(given)} is not served`);
  }
  return method;
}
