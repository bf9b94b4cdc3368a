import { messageOf } from '@countersign/kernel';
import { Log } from '@countersign/service-kit';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';

import { DueTimers } from './due-timers.js';
import { TimerHints } from './timer-hints.js';

/** Milliseconds between looks when nothing is known to be due sooner, and after a failure. */
const LOOK_EVERY_MS = 1_000;
const SHORTEST_WAIT_MS = 10;

/**
 * Fires the timers of instances. They are events, and a column of the read tables says when each instance's next
 * one is due, so they survive restarts and rebuilds. The database's clock decides for all. Any number of processes may
 * look: an instance whose timer has been fired by another ignores the second time.
 */
@Injectable()
export class Timers implements OnModuleInit, OnApplicationShutdown {
  readonly #stop = new AbortController();
  #wake = new AbortController();
  #running: Promise<void> | undefined;

  constructor(
    @Inject(DueTimers) private readonly due: DueTimers,
    @Inject(TimerHints) private readonly hints: TimerHints,
    @Inject(Log) private readonly log: Log,
  ) {}

  onModuleInit(): void {
    this.hints.onSooner(() => {
      this.#wake.abort();
    });
    this.#running = this.#run();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      this.#wake = new AbortController();
      const wait = await this.#look().catch((error: unknown) => {
        this.log.debug({ reason: messageOf(error) }, 'could not look for timers');
        return undefined;
      });
      // After a failure nobody wakes it: it has to pause.
      const until = wait === undefined ? signal : AbortSignal.any([signal, this.#wake.signal]);
      await sleep(wait ?? LOOK_EVERY_MS, undefined, { signal: until }).catch(() => undefined);
    }
  }

  /** Milliseconds until it is worth looking again. */
  async #look(): Promise<number> {
    const { more } = await this.due.look();
    if (more) return 0;
    const next = (await this.due.next()) ?? LOOK_EVERY_MS;
    const soonest = Math.min(LOOK_EVERY_MS, next, this.hints.wait() ?? LOOK_EVERY_MS);
    return Math.max(SHORTEST_WAIT_MS, soonest);
  }
}
