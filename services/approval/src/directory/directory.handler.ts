import {
  type CreateDelegation,
  delegationAt,
  type EndDelegation,
  type ReplaceDirectory,
  unpackDirectory,
} from '@countersign/contracts';
import { Clock, derivedId } from '@countersign/kernel';
import type { CommandContext } from '@countersign/messaging';
import { Inject, Injectable } from '@nestjs/common';
import type { z } from 'zod';

import { Directories } from './directories.js';
import { isReplaced, replaceDirectory } from './domain/change.js';
import { createDelegation, endDelegation } from './domain/delegations.js';

/** What people may do with the directory. */
@Injectable()
export class DirectoryHandler {
  constructor(
    @Inject(Directories) private readonly directories: Directories,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * A large change is stored in parts: when it ends in between, the same command goes on where it stopped.
   *
   * @throws as `replaceDirectory`
   */
  async replace(
    { packed, expectedRevision }: z.output<typeof ReplaceDirectory.body>,
    context: CommandContext,
  ): Promise<z.output<typeof ReplaceDirectory.reply>> {
    const directory = unpackDirectory(packed);
    let changed = 0;
    let removed = 0;
    let revision = expectedRevision;
    for (let part = 0; ; part++) {
      const replacement = { directory, expectedRevision: revision };
      const { state, events, position } = await this.directories.execute(
        partOf(context, part),
        (before) => replaceDirectory(before, replacement, context.actor),
      );
      for (const { type, data } of events) {
        if (type !== 'directory.people-changed') continue;
        changed += countOf(data['set']);
        removed += countOf(data['removed']);
      }
      revision = state.documentRevision;
      if (events.length === 0 || isReplaced(state, directory)) {
        return { revision, changed, removed, position };
      }
    }
  }

  async delegate(
    body: z.output<typeof CreateDelegation.body>,
    context: CommandContext,
  ): Promise<z.output<typeof CreateDelegation.reply>> {
    const delegationId = derivedId('delegation', context.commandId);
    const { state, position } = await this.directories.execute(context, (before) =>
      createDelegation(before, { delegationId, ...body }, context.actor, this.clock.now()),
    );
    const delegation = state.delegations.get(delegationId);
    if (!delegation) throw new Error(`${delegationId}: made, but not there`);
    return { ...delegationAt(delegation, this.clock.now()), position };
  }

  async endDelegation(
    body: z.output<typeof EndDelegation.body>,
    context: CommandContext,
  ): Promise<z.output<typeof EndDelegation.reply>> {
    const { position } = await this.directories.execute(context, (state) =>
      endDelegation(state, body, context.actor, this.clock.now()),
    );
    return { delegationId: body.delegationId, position };
  }
}

function partOf(context: CommandContext, part: number): CommandContext {
  if (part === 0) return context;
  return { ...context, commandId: derivedId('directory part', context.commandId, part) };
}

const countOf = (list: unknown): number => (Array.isArray(list) ? list.length : 0);
