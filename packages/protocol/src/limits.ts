const KIB = 1024;
const MIB = 1024 * KIB;

/** Every bound and deadline of the protocol in one place (protocol.md §15, §19). Bytes and milliseconds. */
export const LIMITS = {
  defaultPort: 49134,
  /** Default address of clients. IPv4 is spelled out because `localhost` may resolve to IPv6 first. */
  defaultUrl: 'ws://127.0.0.1:49134',

  /** Time a connection has to deliver the headers of its request. */
  handshakeTimeoutMs: 10_000,
  /** Time a connection has to announce itself before its registrations go to `default` (§4.3). */
  registrationGraceMs: 5_000,
  /** Largest inbound message; beyond it the socket is closed with 1009. */
  maxMessageBytes: 64 * MIB,
  /** Bytes that may wait for a peer that does not read; beyond it the peer is dropped with 1013 (§19.37). */
  maxOutboxBytes: 64 * MIB,
  /** Bytes that may wait for all peers together; beyond it the peer with most is dropped. */
  maxTotalOutboxBytes: 1024 * MIB,
  /**
   * A connection on which nothing was heard for so long is dropped, at its next turn: each has one in every third of the
   * time, and is pinged then (§19.4).
   */
  livenessMs: 60_000,
  /** Time an incumbent has to show that it lives, before a newcomer is told that it is in the way (§19.4). */
  probeMs: 2_000,
  /**
   * Time a connection has to show that it lives, when another one says it is the same process. Longer, because nobody
   * waits for it, and a process that is busy for a moment must not lose its connection.
   */
  twinProbeMs: 10_000,
  /** What one connection may register. */
  maxFunctionsPerConnection: 10_000,
  maxTriggerTypesPerConnection: 1_000,
  maxBindingsPerConnection: 10_000,
  /** Frames a second of a connection that has not announced itself. */
  maxUnannouncedFramesPerSecond: 50_000,
  /** Pauses before a trigger is offered again to a provider that refused it (§19.22). */
  rejectedTriggerRetryMs: [1_000, 10_000, 60_000],
  /** What Python clients accept in one message (sdk-python-rust.md §1). */
  pythonMessageBytes: 1 * MIB,
  /** Calls one connection may have in flight, as a caller (§19.10). */
  maxInFlight: 10_000,
  /** Registrations that may wait for the announcement of one connection. */
  maxHeldFrames: 100_000,
  maxHeldBytes: 64 * MIB,

  /** Longest wait for a retired connection to be cleaned up (§11.5). */
  reattachWaitMs: 5_000,
  /** Longest wait for a provider to answer an ownerless registration (§6.4). */
  providerAckMs: 10_000,
  /** Deadline of calls the engine makes itself: hooks, triggers (§19.10). */
  engineCallMs: 30_000,
  /** Changes of the function table are reported after this pause (§19.27). */
  functionsAvailableDebounceMs: 250,
  /** Default of clients for one call. */
  invocationTimeoutMs: 30_000,

  functionIdsPerInfo: 32,
  configSummaryCharacters: 80,
  workerTextCharacters: 280,
} as const;
