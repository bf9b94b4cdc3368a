import { categoriesOf } from '@countersign/contracts';
import { CommandServer, EventReactor, EventRelay } from '@countersign/messaging';

import { Health } from './health.js';
import type { Platform } from './platform.js';

/** What each service has of its own: it takes commands, reacts to events, relays its own, and says how it is. */
export class ServiceRuntime {
  readonly commands: CommandServer;
  readonly reactor: EventReactor;
  readonly health: Health;
  readonly #relay: EventRelay | undefined;

  constructor(platform: Platform, service: string) {
    const { bus, signer, clock, log, store, leadership, checkpoints } = platform;
    this.commands = new CommandServer(bus, signer, clock, log, service);
    this.reactor = new EventReactor(bus, signer, log, service);
    this.health = new Health(bus, signer, log, service);
    const categories = categoriesOf(service);
    if (categories.length > 0) {
      const options = { name: `relay.${service}`, categories };
      this.#relay = new EventRelay(store, bus, signer, leadership, checkpoints, log, options);
    }
  }

  /** Called when the service has said what it takes and reacts to. */
  start(): void {
    const relay = this.#relay;
    if (relay) {
      relay.start();
      this.health.add('relay', () => relay.ready);
    }
    this.health.add('reactions', () => this.reactor.ready);
    this.health.start();
  }

  /** Takes no more commands, finishes those under way, then stops the rest. */
  async stop(): Promise<void> {
    await Promise.all([this.health.stop(), this.commands.stop()]);
    await Promise.all([this.reactor.stop(), this.#relay?.stop()]);
  }
}
