import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { NativeModule } from './native.js';

/** The name users know. The community build is installed under it through an npm alias. */
const PACKAGE: string = 'uWebSockets.js';

export type UwsBuild = 'official' | 'community';

/** Why uWebSockets.js cannot be used. */
interface Unavailable {
  readonly available: false;
  readonly reason: string;
}

/** What is installed under the name uWebSockets.js, found out without running any of its code. */
export type UwsInstallation =
  | { readonly available: true; readonly build: UwsBuild; readonly version: string; readonly folder: string }
  | Unavailable;

export type UwsLoaded =
  | {
      readonly available: true;
      readonly build: UwsBuild;
      readonly version: string;
      readonly module: NativeModule;
    }
  | Unavailable;

/** Seams for tests: nothing else decides what is found. */
export interface UwsEnvironment {
  /** Path of a file inside the package, or an exception when it is not installed. */
  readonly resolve: () => string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `platform_arch_abi`, as in the names of native binaries. */
  readonly target: string;
}

const requireHere = createRequire(import.meta.url);

const here: UwsEnvironment = {
  resolve: () => requireHere.resolve(PACKAGE),
  env: process.env,
  target: `${process.platform}_${process.arch}_${process.versions.modules}`,
};

export function findUws(environment: UwsEnvironment = here): UwsInstallation {
  let file: string;
  try {
    file = environment.resolve();
  } catch {
    return { available: false, reason: 'uWebSockets.js is not installed' };
  }
  const manifest = readManifest(file);
  if (manifest === undefined) return { available: false, reason: `no package.json belongs to ${file}` };
  const { folder, name, version } = manifest;
  if (name === PACKAGE) return { available: true, build: 'official', version, folder };
  // The community build falls back to an imitation in JavaScript, and says so on the console, where it has no binary
  // or is told to. Neither may happen, so its main file is only run when it will take the native binary.
  if (/^(true|True|TRUE|1)$/.test(environment.env.UWS_USE_FALLBACK ?? '')) {
    return {
      available: false,
      reason: 'UWS_USE_FALLBACK asks for the JavaScript imitation, which is never used',
    };
  }
  if (!existsSync(binaryIn(folder, environment.target))) {
    return { available: false, reason: `${name}@${version} has no native binary for ${environment.target}` };
  }
  return { available: true, build: 'community', version, folder };
}

/** Loads what {@link findUws} found. The only place that runs code of uWebSockets.js. */
export async function loadUws(installation: UwsInstallation, target = here.target): Promise<UwsLoaded> {
  if (!installation.available) return installation;
  const { build, version, folder } = installation;
  try {
    // A binary that does not load (too old a libc) throws here, and silently, before the package could print.
    if (build === 'community') requireHere(binaryIn(folder, target));
    const imported: unknown = await import(PACKAGE);
    const module = hasDefault(imported) ? imported.default : imported;
    if (isNativeModule(module)) return { available: true, build, version, module };
    return { available: false, reason: `uWebSockets.js ${version} lacks functions this driver needs` };
  } catch (error) {
    return { available: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

function binaryIn(folder: string, target: string): string {
  return join(folder, 'binaries', `uws_${target}.node`);
}

/** The nearest package.json above a file; reading it by name would fail where `exports` does not list it. */
function readManifest(file: string): { folder: string; name: string; version: string } | undefined {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, 'package.json');
    if (!existsSync(path)) continue;
    const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof manifest !== 'object' || manifest === null || !('name' in manifest)) continue;
    return {
      folder,
      name: String(manifest.name),
      version: 'version' in manifest ? String(manifest.version) : '',
    };
  }
  return undefined;
}

function hasDefault(value: unknown): value is { default: unknown } {
  return typeof value === 'object' && value !== null && 'default' in value;
}

function isNativeModule(value: unknown): value is NativeModule {
  if (typeof value !== 'object' || value === null) return false;
  const functions = ['App', 'us_listen_socket_close', 'us_socket_local_port'];
  const members: ReadonlyMap<string, unknown> = new Map(Object.entries(value));
  return functions.every((name) => typeof members.get(name) === 'function');
}
