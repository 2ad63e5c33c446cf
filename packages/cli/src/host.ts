/** Which configuration an engine is to run on. */
export interface ServeRequest {
  /** Absolute path of the configuration file, which need not exist. */
  readonly configPath: string;
  /** Whether the user named the file, rather than leaving it at `config.yaml`. */
  readonly isExplicit: boolean;
}

/** How far a piece of work is. */
export type DataProgress =
  | { readonly step: 'copying'; readonly bytes: number; readonly of: number }
  | { readonly step: 'checking'; readonly entries: number };

export interface StoredEntries {
  readonly name: string;
  readonly entries: number;
  /** Of keys and values. */
  readonly bytes: number;
}

export interface DataCopy {
  /** The file that has been written, absolute. */
  readonly file: string;
  /** Its bytes. */
  readonly size: number;
  readonly stores: readonly StoredEntries[];
}

export interface DataCheck {
  /** The file that has been read, absolute. */
  readonly file: string;
  readonly stores: readonly StoredEntries[];
  /** Empty when everything is as it was written. */
  readonly problems: readonly string[];
}

export interface DataCopyOptions {
  /** Whether what is there already may be lost. */
  readonly force: boolean;
  readonly progress: (progress: DataProgress) => void;
}

/** The data of workers, as files. What goes wrong is thrown, with a `hint` where there is one. */
export interface DataHost {
  /** The data directory of a configuration, absolute. */
  directoryOf(request: ServeRequest): Promise<string>;
  backup(directory: string, target: string, options: DataCopyOptions): Promise<DataCopy>;
  restore(source: string, directory: string, options: DataCopyOptions): Promise<DataCopy>;
  verify(source: string, progress: (progress: DataProgress) => void): Promise<DataCheck>;
}

/** What the command cannot do by itself: the program it is built into. */
export interface CliHost {
  /** Printed by `--version`, and nothing else with it. */
  readonly version: string;
  /** Runs the engine until it is stopped; resolves with the exit status. */
  serve(request: ServeRequest): Promise<number>;
  readonly data: DataHost;
}
