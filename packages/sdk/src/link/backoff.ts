/** How a lost connection is tried again. */
export interface ReconnectionConfig {
  /** Milliseconds before the first attempt. Default 1000. */
  initialDelayMs: number;
  /** Upper bound of the delay before jitter. Default 30 000. */
  maxDelayMs: number;
  /** Factor from one attempt to the next. Default 2. */
  backoffMultiplier: number;
  /** Share of the delay that is random, to both sides. Default 0.3. */
  jitterFactor: number;
  /** Attempts before giving up; -1 never does. Default -1. */
  maxRetries: number;
}

export const DEFAULT_RECONNECTION: ReconnectionConfig = {
  initialDelayMs: 1_000,
  maxDelayMs: 30_000,
  backoffMultiplier: 2,
  jitterFactor: 0.3,
  maxRetries: -1,
};

/** The defaults with what is given over them; members that are undefined count as not given. */
export function reconnectionConfig(given: Partial<ReconnectionConfig> = {}): ReconnectionConfig {
  const said = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...DEFAULT_RECONNECTION, ...Object.fromEntries(said) };
}

/**
 * Milliseconds before attempt `n` (0 for the first), jitter included.
 *
 * @param random from 0 up to 1.
 */
export function backoffDelay(config: ReconnectionConfig, n: number, random: number): number {
  const grown = config.initialDelayMs * config.backoffMultiplier ** n;
  const capped = Math.min(grown, config.maxDelayMs);
  return Math.max(0, Math.floor(capped + capped * config.jitterFactor * (2 * random - 1)));
}
