import { dirname, resolve } from 'node:path';
import type { Static } from 'iii-protocol/schema';
import { ConfigError, formatPath, readConfig, type WorkerDefinition } from 'iii-worker';
import { withByteSizes } from './byte-size.js';
import { findWorker, WORKER_MANAGER } from './catalog.js';
import { ConfigFileError, type FileProblem } from './config-file-error.js';
import { expandEnvironment } from './expand.js';
import { InstanceNames, typeOf } from './instance-names.js';
import { RootConfig, type WorkerEntry, WorkerManagerConfig } from './schema.js';
import { YamlSource } from './source-map.js';

/** What an entry is told apart by. */
interface Named {
  /** The name it was declared with; from the second of one name on with `#n` behind. */
  readonly instance: string;
  /** Whether the name has no `#` of its own, so that its place among others of the name decided over the number. */
  readonly numbered: boolean;
}

/** A worker to start inside the engine process. */
export interface PlannedWorker extends Named {
  readonly definition: WorkerDefinition;
  readonly config: object;
}

/** A port to open for workers. */
export interface PlannedListener extends Named {
  readonly config: Static<typeof WorkerManagerConfig>;
}

/** What a configuration comes down to. */
export interface Plan {
  readonly root: RootConfig;
  /** Absolute. */
  readonly dataDirectory: string;
  readonly workers: readonly PlannedWorker[];
  readonly listeners: readonly PlannedListener[];
  /** Entries that are somebody else’s to run. */
  readonly external: readonly string[];
}

type Entry = Static<typeof WorkerEntry>;
type Path = ReadonlyArray<string | number>;

/**
 * Reads the text of a configuration file.
 *
 * @throws ConfigFileError naming the line and the fix of everything wrong with it.
 */
export function planFrom(
  text: string,
  file: string,
  env: Readonly<Record<string, string | undefined>>,
  version: string,
): Plan {
  const expanded = expandEnvironment(text, env, version);
  if (expanded.missing.length > 0) {
    throw new ConfigFileError(
      file,
      expanded.missing.map(({ name, line, column }) => ({
        line,
        column,
        message: `environment variable ${name} is not set. Set it, or write a default: \${${name}:value}`,
      })),
    );
  }
  const source = new YamlSource(expanded.text);
  if (source.syntaxProblems.length > 0) throw new ConfigFileError(file, source.syntaxProblems);
  const check = new Check(source);
  const sized = withByteSizes(RootConfig, withoutNulls(source.value), ({ path, message }) =>
    check.add(path, `"${path.at(-1)}" ${message}`),
  );
  const root = check.config('config.yaml', RootConfig, sized, []);
  if (root === undefined) throw new ConfigFileError(file, check.problems);
  const entries = planEntries(root, check);
  if (check.problems.length > 0) throw new ConfigFileError(file, check.problems);
  return { root, dataDirectory: resolve(dirname(file), root.data_dir), ...entries };
}

/** Collects what is wrong instead of stopping at the first. */
class Check {
  readonly problems: FileProblem[] = [];

  constructor(private readonly source: YamlSource) {}

  add(path: Path, message: string): void {
    this.problems.push({ ...this.source.locate(path), message });
  }

  config<S extends Parameters<typeof readConfig>[1]>(
    worker: string,
    schema: S,
    value: unknown,
    path: Path,
  ): Static<S> | undefined {
    try {
      return readConfig(worker, schema, value);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const problem of error.problems) {
        // Of a worker in full: the same member stands in every queue, and a line does not tell in which.
        const name = path.length === 0 ? problem.path.at(-1) : formatPath(problem.path);
        const subject = problem.path.length === 0 ? worker : `"${name}"`;
        this.add([...path, ...problem.path], `${subject} ${problem.message}`);
      }
      return undefined;
    }
  }
}

/** `workers:` with nothing behind it, and an empty file, mean the same as an empty list. */
function withoutNulls(value: unknown): unknown {
  if (value === null || value === undefined) return {};
  if (typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}

function planEntries(root: RootConfig, check: Check): Omit<Plan, 'root' | 'dataDirectory'> {
  const workers: PlannedWorker[] = [];
  const listeners: PlannedListener[] = [];
  const external: string[] = [];
  const nameUsed = new Map<WorkerDefinition, string>();
  const entries = [
    ...root.workers.map((entry, i) => ({ entry, path: ['workers', i] as Path })),
    ...root.modules.map((entry, i) => ({ entry, path: ['modules', i] as Path })),
  ];
  const instances = new InstanceNames(entries.map(({ entry }) => entry.name));
  let hasListener = false;
  for (const { entry, path } of entries) {
    const type = typeOf(entry.name);
    const instance = instances.next(entry.name);
    if (instance === undefined) {
      check.add([...path, 'name'], `"${entry.name}" is declared twice. Give one of them another name.`);
      continue;
    }
    const named = { instance, numbered: !entry.name.includes('#') };
    const found = findWorker(type);
    if (found.kind === 'unknown' && entry.worker_path !== undefined) {
      external.push(instance);
      continue;
    }
    if (entry.image !== undefined) {
      check.add(
        [...path, 'image'],
        `worker "${entry.name}" cannot have an image: this engine runs no containers`,
      );
    }
    switch (found.kind) {
      case 'unknown':
      case 'unavailable':
        check.add([...path, 'name'], found.message);
        break;
      case 'always-on':
        break;
      case 'worker-manager':
        hasListener = true;
        planListener(entry, named, path, check, listeners);
        break;
      case 'worker': {
        const before = nameUsed.get(found.definition);
        if (before !== undefined && before !== type) {
          check.add(
            [...path, 'name'],
            `Duplicate worker configurations: "${before}" and "${type}" are the same worker. Remove one.`,
          );
        }
        nameUsed.set(found.definition, type);
        const config = check.config(entry.name, found.definition.config, entry.config, [...path, 'config']);
        if (config !== undefined) workers.push({ definition: found.definition, ...named, config });
      }
    }
  }
  if (!hasListener) {
    const config = readConfig(WORKER_MANAGER, WorkerManagerConfig, undefined);
    listeners.push({ instance: WORKER_MANAGER, numbered: true, config });
  }
  return { workers, listeners, external };
}

/** Settings that restrict who may do what. Opening the port without them would be worse than not opening it. */
const ACCESS_SETTINGS = ['rbac', 'middleware_function_id'];

function planListener(
  entry: Entry,
  named: Named,
  path: Path,
  check: Check,
  listeners: PlannedListener[],
): void {
  const given = typeof entry.config === 'object' && entry.config !== null ? entry.config : {};
  const refused = ACCESS_SETTINGS.filter((name) => name in given);
  for (const name of refused) {
    check.add(
      [...path, 'config', name],
      `"${name}" is not available in this engine yet, and the port is not opened without it. ` +
        'Remove the setting only if every worker that can reach the port may do everything.',
    );
  }
  if (refused.length > 0) return;
  const config = check.config(entry.name, WorkerManagerConfig, entry.config, [...path, 'config']);
  if (config !== undefined) listeners.push({ ...named, config });
}
