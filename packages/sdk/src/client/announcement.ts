import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { environmentValue, type WorkerIdentity } from './options.js';
import { SDK_VERSION } from './version.js';

/** What a worker tells the engine on every connection (sdk-node.md §7.4). */
export function announcement(identity: WorkerIdentity): Record<string, unknown> {
  const { telemetry } = identity;
  return {
    runtime: 'node',
    version: SDK_VERSION,
    name: identity.name,
    description: identity.description,
    os: `${os.platform()} ${os.release()} (${os.arch()})`,
    pid: process.pid,
    isolation: environmentValue('III_ISOLATION') ?? null,
    namespace: identity.namespace,
    telemetry: {
      language: telemetry.language ?? defaultLanguage(),
      project_name: telemetry.project_name ?? detectProjectName(process.cwd()),
      framework: telemetry.framework?.trim() || 'iii-node',
      amplitude_api_key: telemetry.amplitude_api_key,
    },
  };
}

function defaultLanguage(): string | undefined {
  const { locale } = Intl.DateTimeFormat().resolvedOptions();
  return locale || process.env.LANG?.split('.', 1)[0];
}

/** The name in the directory’s `package.json`, else the directory’s own; nothing for a root directory. */
export function detectProjectName(directory: string): string | undefined {
  return manifestName(directory) ?? (path.basename(directory) || undefined);
}

function manifestName(directory: string): string | undefined {
  try {
    const manifest: unknown = JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8'));
    if (typeof manifest !== 'object' || manifest === null || !('name' in manifest)) return undefined;
    const { name } = manifest;
    return typeof name === 'string' && name.trim() !== '' ? name.trim() : undefined;
  } catch {
    // No manifest, or not one: the directory's name will do.
    return undefined;
  }
}
