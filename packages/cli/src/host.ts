/** Which configuration an engine is to run on. */
export interface ServeRequest {
  /** Absolute path of the configuration file, which need not exist. */
  readonly configPath: string;
  /** Whether the user named the file, rather than leaving it at `config.yaml`. */
  readonly isExplicit: boolean;
}

/** What the command cannot do by itself: the program it is built into. */
export interface CliHost {
  /** Printed by `--version`, and nothing else with it. */
  readonly version: string;
  /** Runs the engine until it is stopped; resolves with the exit status. */
  serve(request: ServeRequest): Promise<number>;
}
