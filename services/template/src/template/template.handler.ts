import type {
  PublishTemplate,
  ResolveTemplate,
  RetireTemplate,
  ReturnTemplate,
  SaveTemplateDraft,
  SubmitTemplate,
  TemplateEvent,
  TemplateReply,
  TemplateVersion,
  ValidateTemplate,
} from '@countersign/contracts';
import {
  ADMINISTRATORS,
  CorruptDataError,
  derivedId,
  forbidden,
  hashOf,
  isAdministrator,
  systemActor,
} from '@countersign/kernel';
import { type CommandContext, EventOffers } from '@countersign/messaging';
import { DirectoryReader } from '@countersign/service-kit';
import type { WorkflowDefinition } from '@countersign/state-machine';
import { Inject, Injectable } from '@nestjs/common';
import type { z } from 'zod';

import {
  type Cause,
  countFindings,
  draftOf,
  existing,
  publishable,
  publishBuiltIn,
  publishVersion,
  resolveVersion,
  retireVersion,
  returnVersion,
  saveDraft,
  submitVersion,
} from './domain/decider.js';
import type { TemplateState } from './domain/state.js';
import { TemplateAnalysis } from './template.analysis.js';
import { Templates } from './templates.js';

type BodyOf<Command extends { body: z.ZodType }> = z.output<Command['body']>;
type Decide = (
  state: TemplateState,
  cause: Cause,
) => readonly TemplateEvent[] | Promise<readonly TemplateEvent[]>;

/** The template service's use cases. */
@Injectable()
export class TemplateHandler {
  constructor(
    @Inject(Templates) private readonly templates: Templates,
    @Inject(TemplateAnalysis) private readonly analysis: TemplateAnalysis,
    @Inject(EventOffers) private readonly offers: EventOffers,
    @Inject(DirectoryReader) private readonly directory: DirectoryReader,
  ) {}

  async validate({ definition }: BodyOf<typeof ValidateTemplate>, { actor }: CommandContext) {
    return { findings: await this.analysis.findings(actor.id, definition) };
  }

  async save(
    { definition, importedFrom }: BodyOf<typeof SaveTemplateDraft>,
    context: CommandContext,
  ): Promise<z.output<typeof SaveTemplateDraft.reply>> {
    const cause = await this.#causeOf(context);
    const findings = await this.analysis.findings(context.actor.id, definition);
    const { state, position } = await this.templates.execute(
      Templates.streamOf(definition.name),
      context,
      (current) => saveDraft(current, { definition, findings }, cause, importedFrom),
    );
    const saved = draftOf(state, cause);
    if (!saved) throw new CorruptDataError(definition.name, 'a draft that was saved is not there');
    const { name, version, status, definitionHash } = saved;
    return {
      name,
      version,
      status,
      definitionHash,
      findings: countFindings(findings),
      position,
    };
  }

  submit({ comment, ...of }: BodyOf<typeof SubmitTemplate>, context: CommandContext) {
    return this.#change(of, context, (state, cause) =>
      submitVersion(state, of.version, cause, comment),
    );
  }

  return({ reason, ...of }: BodyOf<typeof ReturnTemplate>, context: CommandContext) {
    return this.#change(of, context, (state, cause) =>
      returnVersion(state, of.version, cause, reason),
    );
  }

  /** @throws AppError `template.admins-only` for anybody but administrators */
  publish(body: BodyOf<typeof PublishTemplate>, context: CommandContext) {
    const { version, comment, definitionHash: shownHash } = body;
    return this.#change(body, context, async (state, cause) => {
      const { definition } = publishable(state, version, cause, shownHash);
      if (!isAdministrator(context.actor)) {
        throw forbidden(
          'template.admins-only',
          `this takes a member of the group ${ADMINISTRATORS}`,
        );
      }
      const findings = await this.analysis.findings(context.actor.id, definition);
      return publishVersion(state, version, cause, findings, { comment, shownHash });
    });
  }

  /** @throws AppError `template.admins-only` for anybody but its author and administrators */
  retire({ reason, ...of }: BodyOf<typeof RetireTemplate>, context: CommandContext) {
    return this.#change(of, context, (state, cause) =>
      retireVersion(state, of.version, cause, reason),
    );
  }

  /**
   * Publishes a template that comes with the product, once for each content. An organisation need not have the
   * people for it: then it has no use for it, and starts nonetheless.
   */
  async publishBuiltIn(definition: WorkflowDefinition): Promise<void> {
    const commandHash = hashOf(definition);
    const commandId = derivedId('built-in template', commandHash);
    const actor = systemActor('template');
    const ids = { commandId, correlationId: commandId, causationId: commandId };
    const context = { ...ids, commandHash, actor };
    await this.templates.execute(Templates.streamOf(definition.name), context, async (state) => {
      const findings = await this.analysis.findingsForAnybody(actor.id, definition);
      return publishBuiltIn(state, { definition, findings });
    });
  }

  async resolve({ name, version }: BodyOf<typeof ResolveTemplate>): Promise<TemplateVersion> {
    return resolveVersion(await this.templates.load(Templates.streamOf(name)), name, version);
  }

  /** With everything that the directory has decided before: an author may have been renamed a moment ago. */
  async #causeOf({ actor }: CommandContext): Promise<Cause> {
    return { actor, organisation: await this.directory.load() };
  }

  /** Waits until those who remember what may be started have heard of it. */
  async #change(
    { name, version }: { readonly name: string; readonly version: number },
    context: CommandContext,
    decide: Decide,
  ): Promise<TemplateReply> {
    const cause = await this.#causeOf(context);
    const { state, events, position } = await this.templates.execute(
      Templates.streamOf(name),
      context,
      (current) => decide(current, cause),
    );
    await this.offers.offer(events);
    const { status, definitionHash } = existing(state, version);
    return { name, version, status, definitionHash, position };
  }
}
