import { type AppError, unavailable } from '@countersign/kernel';

/** Milliseconds after which a server that does not answer counts as gone. */
export const ANSWER_WITHIN = 8_000;

/**
 * A promise's result, or `unavailable` when it takes too long. The client's own deadlines do not
 * cover everything: appends share one endless call, and reads through its native part have none.
 *
 * @throws AppError `unavailable` (`event-store.unavailable`); whatever the promise rejects with.
 */
export async function withDeadline<T>(promise: Promise<T>, within = ANSWER_WITHIN): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(notAnswering());
    }, within);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

export function notAnswering(): AppError {
  return unavailable('event-store.unavailable', 'the event store does not answer in time');
}
