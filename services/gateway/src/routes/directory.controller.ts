import { documentOf, packDirectory, ReplaceDirectory } from '@countersign/contracts';
import { invalid, parseInput } from '@countersign/kernel';
import { DirectoryReader } from '@countersign/service-kit';
import { Directory, NewDirectory } from '@countersign/state-machine';
import { Controller, Get, HttpCode, Inject, Put, Req, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

import { Operation } from '../documents/operation.js';
import { CommandGate } from '../http/command-gate.js';
import { DIRECTORY_BODY } from '../http/json-body.js';
import { NoParameters, parseQuery } from '../queries/parameters.js';
import { ReadViews } from '../queries/read-views.js';
import { API } from './api-path.js';

const DirectoryReply = Directory.safeExtend({
  revision: z
    .int()
    .nonnegative()
    .describe(
      'what `If-Match` has to name, in quotes: that of the last change of people or calendars. `directoryRevision` of decisions is later after changes of delegations',
    ),
});

/** As GET gave it: `If-Match` says which revision was changed, not the body. */
const DirectoryBody = NewDirectory.safeExtend({ revision: z.int().nonnegative().optional() });

const ETAG = /^"(0|[1-9]\d{0,14})"$/;
const etagOf = (revision: number): string => `"${revision}"`;

/** @throws AppError `directory.revision-needed` (428), `directory.bad-revision` (400). */
function expectedRevision(ifMatch: string | undefined): number {
  if (ifMatch === undefined) {
    throw invalid('directory.revision-needed', 'If-Match: the ETag of what was changed');
  }
  const revision = ETAG.exec(ifMatch.trim())?.[1];
  if (revision !== undefined) return Number(revision);
  throw invalid('directory.bad-revision', 'If-Match: one ETag as GET /directory gave it');
}

/** People, their roles and groups, and the calendars that deadlines run in. */
@Controller(`${API}/directory`)
export class DirectoryController {
  constructor(
    @Inject(CommandGate) private readonly commands: CommandGate,
    @Inject(DirectoryReader) private readonly directory: DirectoryReader,
    @Inject(ReadViews) private readonly views: ReadViews,
  ) {}

  @Get()
  @Operation({
    summary: 'Who is who',
    description:
      'People with their roles and groups, and calendars, as they are this moment. Whoever left is not in it.',
    kind: 'log',
    query: NoParameters,
    reply: DirectoryReply,
    replyHeaders: { ETag: 'the revision, for `If-Match` of a PUT' },
  })
  async get(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    parseQuery(NoParameters, request.query);
    this.views.ofStore(request);
    await this.directory.load();
    const { state } = this.directory;
    reply.header('etag', etagOf(state.documentRevision));
    return { ...documentOf(state), revision: state.documentRevision };
  }

  @Put()
  @HttpCode(200)
  @RouteConfig(DIRECTORY_BODY)
  @Operation({
    summary: 'Replace people and calendars',
    description:
      'By a member of the group `workflow-admins`, whose own name, roles, groups and logins stay as they are. Whoever is left out has left: they approve nothing any more, whatever their token says. An id or login stays with its person, or goes to another together with the old id, as a login: a rename, or two who are one. Without `calendars` those stay as they are. A change of more than some 300 kB is stored in several steps, each under a revision of its own; one that ends in between, as by a crash, goes on when it is sent again under the same `Idempotency-Key`.',
    requestHeaders: { 'If-Match': 'ETag of the directory that the change was made from' },
    body: DirectoryBody,
    reply: ReplaceDirectory.reply,
    replyHeaders: { ETag: 'the revision that the change made' },
    errors: {
      400: ['directory.bad-revision', 'directory.malformed'],
      403: ['directory.admins-only', 'directory.own-membership'],
      412: ['directory.revision-mismatch'],
      422: ['directory.identity-moved', 'directory.no-administrator'],
      428: ['directory.revision-needed'],
    },
  })
  async replace(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    const expected = expectedRevision(request.headers['if-match']);
    const { revision: _, ...directory } = parseInput(
      DirectoryBody,
      request.body,
      'directory.malformed',
    );
    const packed = packDirectory(directory);
    const command = { packed, expectedRevision: expected };
    const replaced = await this.commands.send(request, ReplaceDirectory, command);
    reply.header('etag', etagOf(replaced.revision));
    return replaced;
  }
}
