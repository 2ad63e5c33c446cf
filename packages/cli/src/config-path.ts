import path from 'node:path';
import type { ServeRequest } from './host.js';

export const DEFAULT_CONFIG = 'config.yaml';

/** Which configuration is meant by an option, or by there being none. */
export function serveRequest(config: string | undefined, cwd: string): ServeRequest {
  return { configPath: path.resolve(cwd, config ?? DEFAULT_CONFIG), isExplicit: config !== undefined };
}
