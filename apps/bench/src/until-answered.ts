/** Resolves when a call is answered: before the function is registered, nobody knows it. */
export async function untilAnswered(call: () => Promise<unknown>, ms = 10_000): Promise<void> {
  const deadline = performance.now() + ms;
  for (;;) {
    try {
      await call();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
