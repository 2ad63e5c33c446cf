/** How a call is delivered, when it is not to be answered here and now. */
export const TriggerAction = {
  /** Put into a queue; the call resolves with a receipt. */
  Enqueue: <T extends { queue: string }>(options: T) => ({ type: 'enqueue' as const, ...options }),
  /** Sent, and forgotten. */
  Void: () => ({ type: 'void' as const }),
} as const;
