import type { HeaderList, RequestHead } from 'iii-listener';
import type { CorsConfig } from '../config.js';
import { isHeaderValue, isToken } from './header-lines.js';

const VARY = ['vary', 'origin, access-control-request-method, access-control-request-headers'] as const;

/**
 * Who may read answers from another origin (spec/worker-http.md §10). Only headers differ: a request from an origin
 * that is not allowed is served like any other.
 */
export interface Cors {
  /** Headers of the answer to an OPTIONS request. */
  preflight(head: RequestHead): HeaderList;
  /** Headers for any other answer, put over its own. */
  apply(head: RequestHead, headers: HeaderList): HeaderList;
}

/** @param config null allows everything to everyone. */
export function createCors(config: CorsConfig | null): Cors {
  const origin = originPolicy(config?.allowed_origins ?? []);
  const methods = methodList(config?.allowed_methods ?? []);
  const exposed: HeaderList = config === null ? [['access-control-expose-headers', '*']] : [];
  const allowed: HeaderList = methods === '' ? [] : [['access-control-allow-methods', methods]];
  return {
    preflight: (head) => [...origin(head), ...allowed, ['access-control-allow-headers', '*'], VARY],
    apply: (head, headers) => {
      const emitted = [...origin(head), ...exposed];
      const own = headers.filter(([name]) => !emitted.some(([key]) => key === name.toLowerCase()));
      return [...own, ...emitted, VARY];
    },
  };
}

/** Whether the configuration names origins that "*" makes void. */
export function hasVoidOrigins({ allowed_origins }: CorsConfig): boolean {
  return allowed_origins.includes('*') && allowed_origins.length > 1;
}

function originPolicy(origins: readonly string[]): (head: RequestHead) => HeaderList {
  if (origins.length === 0 || origins.includes('*')) {
    const everyone: HeaderList = [['access-control-allow-origin', '*']];
    return () => everyone;
  }
  const known = new Set(origins.filter(isHeaderValue));
  return (head) => {
    const origin = head.header('origin');
    return origin !== undefined && known.has(origin) ? [['access-control-allow-origin', origin]] : [];
  };
}

/** Empty when methods were listed and none of them is one. */
function methodList(methods: readonly string[]): string {
  return methods.length === 0 ? '*' : methods.filter(isToken).join(',');
}
