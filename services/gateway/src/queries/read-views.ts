import type { ReadModel } from '@countersign/contracts';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';

import { callerOf } from '../auth/caller.js';
import { ProjectionProgress } from '../http/projection-progress.js';
import { ReadView } from './read-view.js';
import { visibleTo } from './visibility.js';

/** Header in which a reader says what it must see. */
const AFTER = 'countersign-after';

/** Where every query begins: with the caller's view of the tables, as new as the caller asks for. */
@Injectable()
export class ReadViews {
  readonly #db: Kysely<ReadModel>;

  constructor(
    @Inject(pg.Pool) private readonly pool: pg.Pool,
    @Inject(ProjectionProgress) private readonly progress: ProjectionProgress,
  ) {
    this.#db = new Kysely<ReadModel>({ dialect: new PostgresDialect({ pool }) });
  }

  /** @throws AppError `query.bad-position`, `query.behind`. */
  async of(request: FastifyRequest): Promise<ReadView> {
    const wait = this.progress.upTo(request.headers[AFTER]);
    if (wait) await wait;
    return this.#view(request);
  }

  /** For what does not come from the read tables: there is nothing to wait for. */
  ofStore(request: FastifyRequest): ReadView {
    this.progress.parse(request.headers[AFTER]);
    return this.#view(request);
  }

  #view(request: FastifyRequest): ReadView {
    const caller = callerOf(request);
    return new ReadView(caller, visibleTo(caller), this.#db, this.pool);
  }
}
