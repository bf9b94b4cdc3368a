/** How long whoever stops waits for answers that are under way. */
const ANSWERS_WITHIN_MS = 500;

/**
 * An answer that is waited for until the signal fires and half a second more has passed. A server that is away would
 * keep whoever stops waiting for the time limit of each request.
 *
 * @throws the signal's reason when the answer does not come.
 */
export async function untilStopped<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  const stopped = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    timer = setTimeout(() => {
      stopped.reject(signal.reason);
    }, ANSWERS_WITHIN_MS);
  };
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([answer, stopped.promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}
