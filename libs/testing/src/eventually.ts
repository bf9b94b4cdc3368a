import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until something holds: calls `attempt` until it answers something other than undefined or
 * false, and answers that. What it throws last is thrown when time is up.
 */
export async function eventually<T>(
  attempt: () => Promise<T | undefined | false>,
  { within = 15_000, every = 50 }: { readonly within?: number; readonly every?: number } = {},
): Promise<T> {
  const deadline = Date.now() + within;
  let failure: unknown = new Error(`did not happen within ${within} ms`);
  while (Date.now() < deadline) {
    try {
      const result = await attempt();
      if (result !== undefined && result !== false) return result;
    } catch (error) {
      failure = error;
    }
    await sleep(every);
  }
  throw failure;
}
