import {
  type DefinitionEvent,
  DefinitionStored,
  ResolveTemplate,
  TemplateVersionPublished,
  TemplateVersionRetired,
  type TemplateVersion,
} from '@countersign/contracts';
import { EventStore } from '@countersign/event-store';
import { EXPRESSION_LANGUAGE } from '@countersign/expressions';
import {
  type Aggregate,
  AppError,
  Clock,
  derivedId,
  hashOf,
  newId,
  rule,
  streamName,
  systemActor,
} from '@countersign/kernel';
import { CommandClient } from '@countersign/messaging';
import { AggregateStore, PLATFORM, type Platform, ServiceRuntime } from '@countersign/service-kit';
import {
  applyOverrides,
  compileDefinition,
  type CompiledDefinition,
  type DefinitionOverrides,
  type WorkflowDefinition,
} from '@countersign/state-machine';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';

/** How long a version is remembered without asking; that one is published or retired ends it sooner. */
const VERSION_TTL_MS = 1_000;

const definitionAggregate: Aggregate<WorkflowDefinition | undefined, DefinitionEvent> = {
  category: 'definition',
  initialState: undefined,
  evolve: (_, event) => event.data.definition,
};

/** A definition that an instance can be pinned to. */
export interface PinnedDefinition {
  readonly templateVersion: number;
  readonly hash: string;
  readonly compiled: CompiledDefinition;
}

/**
 * The definitions that instances are pinned to, each kept once in a stream under its content hash:
 * what a template is later, or whether it is there at all, changes nothing for them.
 */
@Injectable()
export class Definitions implements OnModuleInit {
  readonly #stored: AggregateStore<WorkflowDefinition | undefined, DefinitionEvent>;
  readonly #compiled = new LRUCache<string, CompiledDefinition>({ max: 1_000 });
  readonly #versions = new LRUCache<string, TemplateVersion>({ max: 1_000, ttl: VERSION_TTL_MS });

  constructor(
    @Inject(EventStore) store: EventStore,
    @Inject(Clock) clock: Clock,
    @Inject(CommandClient) private readonly commands: CommandClient,
    @Inject(PLATFORM) private readonly platform: Platform,
    @Inject(ServiceRuntime) private readonly runtime: ServiceRuntime,
  ) {
    this.#stored = new AggregateStore(store, clock, definitionAggregate, 1_000);
  }

  onModuleInit(): void {
    // Whoever retires waits for this, and whoever publishes for its like in `TriggerController`; it reaches one of the
    // processes that host this service ...
    this.runtime.reactor.on(TemplateVersionRetired, () => {
      this.forget();
      return Promise.resolve(undefined);
    });
    // ... and these reach all of them, a moment later.
    for (const { type } of [TemplateVersionPublished, TemplateVersionRetired]) {
      this.platform.bus.subscribe(`evt.${type}.>`, {
        callback: () => {
          this.forget();
        },
      });
    }
  }

  /** Asks anew which versions there are. */
  forget(): void {
    this.#versions.clear();
  }

  /**
   * The template's definition with overrides applied, stored so that it can be found by its hash.
   *
   * @throws AppError `template.not-found`, `template.not-published`, `template.retired`, or what the
   * overrides' validation throws.
   */
  async pin(
    template: string,
    version: number | undefined,
    overrides: DefinitionOverrides | undefined,
  ): Promise<PinnedDefinition> {
    const resolved = await this.#resolve(template, version);
    const pinned = overrides
      ? await this.overridden(resolved.definition, overrides)
      : await this.#findable(resolved.definitionHash, resolved.definition);
    return { templateVersion: resolved.version, ...pinned };
  }

  /**
   * That instances of a version may begin.
   *
   * @throws AppError `template.retired`
   */
  async mustBeInUse(template: string, version: number): Promise<void> {
    try {
      await this.#resolve(template, version);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'template.retired') throw error;
      const message = `version ${version} of ${template} was retired: cancel this draft and start another`;
      throw rule(error.code, message, { cause: error, details: { template, version } });
    }
  }

  /** A definition with overrides applied, stored so that it can be found by its hash. @throws AppError what their validation throws */
  async overridden(
    definition: WorkflowDefinition,
    overrides: DefinitionOverrides,
  ): Promise<Omit<PinnedDefinition, 'templateVersion'>> {
    const result = applyOverrides(definition, overrides);
    return this.#findable(hashOf(result), result);
  }

  async #findable(
    hash: string,
    definition: WorkflowDefinition,
  ): Promise<Omit<PinnedDefinition, 'templateVersion'>> {
    const known = this.#compiled.get(hash);
    if (!known) await this.#keep(hash, definition);
    return { hash, compiled: known ?? this.#compile(hash, definition) };
  }

  /** The definition with a hash that some instance is pinned to. */
  async compiled(hash: string): Promise<CompiledDefinition> {
    const known = this.#compiled.get(hash);
    if (known) return known;
    const definition = await this.#stored.load(streamOf(hash));
    if (!definition) throw new Error(`definition ${hash} is not in the store`);
    return this.#compile(hash, definition);
  }

  async #resolve(name: string, version: number | undefined): Promise<TemplateVersion> {
    const key = `${name}@${version ?? 'latest'}`;
    const known = this.#versions.get(key);
    if (known) return known;
    const id = newId();
    const ids = { commandId: id, correlationId: id, causationId: id };
    const found = await this.commands.send(
      ResolveTemplate,
      { name, ...(version === undefined ? {} : { version }) },
      { ...ids, actor: systemActor('workflow') },
    );
    this.#versions.set(key, found);
    return found;
  }

  async #keep(hash: string, definition: WorkflowDefinition): Promise<void> {
    const commandId = derivedId('keep definition', hash);
    await this.#stored.execute(
      streamOf(hash),
      {
        commandId,
        commandHash: hash,
        correlationId: commandId,
        causationId: commandId,
        actor: systemActor('workflow'),
      },
      (state) =>
        state
          ? []
          : [
              {
                type: DefinitionStored.type,
                data: { hash, definition, language: EXPRESSION_LANGUAGE },
              },
            ],
    );
  }

  #compile(hash: string, definition: WorkflowDefinition): CompiledDefinition {
    const compiled = compileDefinition(definition);
    this.#compiled.set(hash, compiled);
    return compiled;
  }
}

function streamOf(hash: string): string {
  return streamName(definitionAggregate.category, hash);
}
