import { Temporal } from 'temporal-polyfill';

const DAY_MS = 86_400_000;
/** So long after a change of the clock no time of day can also have been before it: no change is longer than a day. */
const MARGIN_MS = 2 * DAY_MS;

/**
 * The clock on the wall of a time zone. A local time is written as a number, too: the milliseconds since 1970 of the
 * same date and time in UTC, so that dates can be reckoned with.
 */
export class WallClock {
  // A stretch of time in which the clock is not changed, remembered because most questions fall into it.
  #from = Infinity;
  #until = -Infinity;
  #offset = 0;

  constructor(private readonly timeZone: string) {}

  /** What the clock shows at a moment. */
  shows(moment: number): number {
    if (moment < this.#from || moment >= this.#until) this.#look(moment);
    return moment + this.#offset;
  }

  /**
   * The first moment at which the clock shows a local time or a later one. Where the clock is put back, that is the
   * first of two; where it is put forward over the time, the moment at which that is done.
   */
  firstAt(local: number): number {
    const moment = local - this.#offset;
    if (moment >= this.#from + MARGIN_MS && moment < this.#until) return moment;
    const wanted = Temporal.Instant.fromEpochMilliseconds(local).toZonedDateTimeISO('UTC');
    const found = wanted.toPlainDateTime().toZonedDateTime(this.timeZone);
    this.#look(found.epochMilliseconds);
    // The clock was put forward over it, and `found` is later than it by as much.
    return found.epochMilliseconds + this.#offset === local ? found.epochMilliseconds : this.#from;
  }

  #look(moment: number): void {
    const at = Temporal.Instant.fromEpochMilliseconds(moment).toZonedDateTimeISO(this.timeZone);
    this.#offset = at.offsetNanoseconds / 1e6;
    const next = at.getTimeZoneTransition('next');
    this.#until = next?.epochMilliseconds ?? Infinity;
    // That which begins at the moment itself counts as the previous one, so it is asked for one nanosecond later.
    const previous = at.add({ nanoseconds: 1 }).getTimeZoneTransition('previous');
    this.#from = previous?.epochMilliseconds ?? -Infinity;
  }
}
