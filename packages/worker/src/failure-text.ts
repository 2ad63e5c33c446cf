/** What a person is told about an error that ended something: the message, and the hint of errors that have one. */
export function failureText(error: unknown): string {
  const { message = String(error), hint } = (error ?? {}) as { message?: unknown; hint?: unknown };
  return typeof hint === 'string' ? `${message}; ${hint}` : String(message);
}
