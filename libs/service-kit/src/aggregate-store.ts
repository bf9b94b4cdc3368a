import { decodeEvent, type DomainEvent, encodeEvent } from '@countersign/contracts';
import type { EventStore, ExpectedRevision } from '@countersign/event-store';
import {
  type Aggregate,
  AppError,
  type Clock,
  conflict,
  derivedId,
  eventHash,
  type EventMetadata,
  fold,
  GENESIS_HASH,
  type NewEvent,
  rule,
  type StoredEvent,
  Turns,
} from '@countersign/kernel';
import type { CommandContext } from '@countersign/messaging';
import { LRUCache } from 'lru-cache';
import pRetry from 'p-retry';

/** An event as its writer knows it right after the append; its own position it does not know. */
export type RecordedEvent = Omit<StoredEvent, 'position'>;

/** How a command ended. */
export interface Outcome<State> {
  /** State right after the command, also when this is the repetition of an older one. */
  readonly state: State;
  readonly revision: number;
  /** Position of the command's last event, or of the stream's last one if it decided nothing. */
  readonly position: string;
  /** The command's events; empty if it decided nothing. */
  readonly events: readonly RecordedEvent[];
}

interface Loaded<State> {
  readonly state: State;
  readonly revision: number;
  readonly position: string | undefined;
  readonly lastHash: string;
  /** Commands that are already in the stream: id to body hash. */
  readonly commands: ReadonlyMap<string, string>;
  /** Length of its events' data as JSON: what it may take in memory, roughly. */
  readonly characters: number;
}

type Decide<State, Event> = (state: State) => readonly Event[] | Promise<readonly Event[]>;

const MAX_DECISIONS = 8;
/** Folded states that are kept, by the length of their events: 8 Mi characters may be 100 MiB of objects. */
const MAX_LOADED_CHARACTERS = 8 * 1024 * 1024;

/**
 * Runs commands against event-sourced aggregates: load, decide, append at the revision that was
 * decided upon; on a conflict, load what is new and decide again.
 *
 * Folded state stays in memory. That is safe with any number of processes, as a stale state only
 * leads to a conflict. Commands on one stream take turns within this process.
 */
export class AggregateStore<State, Event extends DomainEvent> {
  readonly #loaded: LRUCache<string, Loaded<State>>;
  readonly #turns = new Turns();
  readonly #nothing: Loaded<State>;

  constructor(
    private readonly store: EventStore,
    private readonly clock: Clock,
    private readonly aggregate: Aggregate<State, Event>,
    maxLoaded = 10_000,
    maxCharacters = MAX_LOADED_CHARACTERS,
  ) {
    this.#loaded = new LRUCache({
      max: maxLoaded,
      maxSize: maxCharacters,
      sizeCalculation: ({ characters }) => characters,
    });
    this.#nothing = {
      state: aggregate.initialState,
      revision: -1,
      position: undefined,
      lastHash: GENESIS_HASH,
      commands: new Map(),
      characters: 1,
    };
  }

  /** Today's state; the initial one for a stream that does not exist. */
  async load(stream: string): Promise<State> {
    return (await this.#refresh(stream)).state;
  }

  /** The states that it has been left in, after each command. */
  async history(stream: string): Promise<State[]> {
    const stored = await this.store.readStream(stream);
    let state = this.aggregate.initialState;
    return stored.flatMap((event, index) => {
      state = fold(this.aggregate, [decodeEvent(event) as Event], state);
      const next = stored[index + 1];
      return next?.metadata.commandId === event.metadata.commandId ? [] : [state];
    });
  }

  /**
   * The stream's position if a command is known to be in it, without looking at the store: for those who
   * react to an event that comes more than once. Undefined says nothing.
   */
  doneAt(stream: string, commandId: string): string | undefined {
    const loaded = this.#loaded.get(stream);
    return loaded?.commands.has(commandId) ? loaded.position : undefined;
  }

  /**
   * Carries out a command. A command whose id is already in the stream is not decided again: its
   * first outcome is answered.
   *
   * @param decide answers the events, none for "nothing to do"; may be called more than once.
   * @param fresh expects a stream that does not exist yet and saves looking for it.
   * @throws AppError what `decide` throws; `rule` `idempotency.key-reused` when the id was used with
   * another body; `conflict` `aggregate.contended` when others kept winning; `unavailable`.
   */
  execute(
    stream: string,
    context: CommandContext,
    decide: Decide<State, Event>,
    { fresh = false }: { readonly fresh?: boolean } = {},
  ): Promise<Outcome<State>> {
    return this.#turns.take(stream, () => this.#execute(stream, context, decide, fresh));
  }

  async #execute(
    stream: string,
    context: CommandContext,
    decide: Decide<State, Event>,
    fresh: boolean,
  ): Promise<Outcome<State>> {
    let loaded = this.#loaded.get(stream) ?? (fresh ? this.#nothing : await this.#refresh(stream));
    for (let attempt = 0; attempt < MAX_DECISIONS; attempt++) {
      const known = loaded.commands.get(context.commandId);
      if (known !== undefined) return this.#firstOutcome(stream, context, known);
      const { events = [], refusal } = await settle(() => decide(loaded.state));
      if (events.length === 0) {
        // Neither a refusal nor "nothing to do" may rest on a state that others have moved on from.
        const today = await this.#refresh(stream);
        if (today.revision !== loaded.revision) {
          loaded = today;
          continue;
        }
        if (refusal) throw refusal.error;
        const position = loaded.position ?? '';
        return { state: loaded.state, revision: loaded.revision, position, events: [] };
      }
      const sealed = this.#seal(stream, loaded, context, events);
      const expected: ExpectedRevision = loaded.revision < 0 ? 'none' : loaded.revision;
      const result = await this.#append(stream, expected, sealed);
      if (result.outcome === 'appended') {
        const recorded = sealed.map((event, index) => ({
          ...event,
          stream,
          revision: loaded.revision + 1 + index,
        }));
        const next = this.#foldInto(loaded, recorded, events, result.position);
        this.#loaded.set(stream, next);
        const { state, revision } = next;
        return { state, revision, position: result.position, events: recorded };
      }
      // Already stored by an earlier try, or somebody else was first: either way the stream tells.
      loaded = await this.#refresh(stream);
    }
    throw conflict('aggregate.contended', `${stream} keeps changing, try again`);
  }

  /** A lost reply leaves the outcome open; repeating the very same append settles it. */
  #append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]) {
    return pRetry(() => this.store.append(stream, expected, events), {
      retries: 6,
      minTimeout: 50,
      maxTimeout: 1_000,
      shouldRetry: ({ error }) => error instanceof AppError && error.kind === 'unavailable',
    });
  }

  async #refresh(stream: string): Promise<Loaded<State>> {
    const known = this.#loaded.get(stream);
    const events = await this.store.readStream(stream, { from: (known?.revision ?? -1) + 1 });
    const base = known ?? this.#nothing;
    const last = events.at(-1);
    if (!last) return base;
    const decoded = events.map((event) => decodeEvent(event) as Event);
    const loaded = this.#foldInto(base, events, decoded, last.position);
    this.#loaded.set(stream, loaded);
    return loaded;
  }

  #foldInto(
    base: Loaded<State>,
    recorded: readonly RecordedEvent[],
    events: readonly Event[],
    position: string,
  ): Loaded<State> {
    const commands = new Map(base.commands);
    let { revision, lastHash, characters } = base;
    for (const event of recorded) {
      revision = event.revision;
      lastHash = event.metadata.hash;
      commands.set(event.metadata.commandId, event.metadata.commandHash);
      characters += JSON.stringify(event.data).length;
    }
    const state = fold(this.aggregate, events, base.state);
    return { state, revision, position, lastHash, commands, characters };
  }

  async #firstOutcome(
    stream: string,
    context: CommandContext,
    commandHash: string,
  ): Promise<Outcome<State>> {
    if (commandHash !== context.commandHash) {
      throw rule('idempotency.key-reused', 'this key was used before, with another request');
    }
    const stored = await this.store.readStream(stream);
    const last = stored.findLast((event) => event.metadata.commandId === context.commandId);
    if (!last) throw new Error(`${stream}: command ${context.commandId} is not there any more`);
    const until = stored.slice(0, last.revision + 1);
    return {
      state: fold(
        this.aggregate,
        until.map((event) => decodeEvent(event) as Event),
      ),
      revision: last.revision,
      position: last.position,
      events: until.filter((event) => event.metadata.commandId === context.commandId),
    };
  }

  #seal(
    stream: string,
    loaded: Loaded<State>,
    context: CommandContext,
    events: readonly Event[],
  ): NewEvent[] {
    let prevHash = loaded.lastHash;
    const recordedAt = this.clock.timestamp();
    return events.map((event, index) => {
      const encoded = encodeEvent(event);
      const eventId = derivedId(stream, context.commandId, index);
      const { actor } = context;
      const metadata: Omit<EventMetadata, 'hash'> = {
        correlationId: context.correlationId,
        causationId: context.causationId,
        commandId: context.commandId,
        commandHash: context.commandHash,
        actor: actor.id,
        ...(actor.login === undefined ? {} : { login: actor.login }),
        ...(actor.onBehalfOf === undefined ? {} : { onBehalfOf: actor.onBehalfOf }),
        roles: actor.roles.join(','),
        authMethod: actor.authMethod,
        recordedAt,
        prevHash,
      };
      const revision = loaded.revision + 1 + index;
      const hash = eventHash(stream, revision, { ...encoded, eventId, metadata });
      prevHash = hash;
      return { ...encoded, eventId, metadata: { ...metadata, hash } };
    });
  }
}

/** What was decided, or why it was not. */
async function settle<Event>(
  decide: () => readonly Event[] | Promise<readonly Event[]>,
): Promise<{ events?: readonly Event[]; refusal?: { error: unknown } }> {
  try {
    return { events: await decide() };
  } catch (error) {
    return { refusal: { error } };
  }
}
