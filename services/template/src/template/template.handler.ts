import type { PublishTemplate, ResolveTemplate, TemplateVersion } from '@countersign/contracts';
import { derivedId, hashOf, systemActor } from '@countersign/kernel';
import type { CommandContext } from '@countersign/messaging';
import type { WorkflowDefinition } from '@countersign/state-machine';
import { Inject, Injectable } from '@nestjs/common';
import type { z } from 'zod';

import { publishTemplate, resolveVersion } from './domain/decider.js';
import { Templates } from './templates.js';

/** The template service's use cases. */
@Injectable()
export class TemplateHandler {
  constructor(@Inject(Templates) private readonly templates: Templates) {}

  async publish(
    { definition }: { definition: WorkflowDefinition },
    context: CommandContext,
  ): Promise<z.output<typeof PublishTemplate.reply>> {
    const { state, position } = await this.templates.execute(
      Templates.streamOf(definition.name),
      context,
      (current) => publishTemplate(current, definition),
    );
    const { name, version, definitionHash } = resolveVersion(state, definition.name);
    return { name, version, definitionHash, position };
  }

  /** Publishes a template that comes with the product, once for each content. */
  async publishBuiltIn(definition: WorkflowDefinition): Promise<void> {
    const commandHash = hashOf(definition);
    const commandId = derivedId('built-in template', commandHash);
    const actor = systemActor('template');
    const ids = { commandId, correlationId: commandId, causationId: commandId };
    await this.publish({ definition }, { ...ids, commandHash, actor });
  }

  async resolve({
    name,
    version,
  }: z.output<typeof ResolveTemplate.body>): Promise<TemplateVersion> {
    return resolveVersion(await this.templates.load(Templates.streamOf(name)), name, version);
  }
}
