import { ADMINISTRATORS, forbidden, invalid, isAdministrator, rule } from '@countersign/kernel';
import type { Organisation } from '@countersign/state-machine';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';

import {
  escalations,
  expired,
  onBehalf,
  overrides,
  refusals,
} from './approval-report.exceptions.js';
import { neverRejected, reciprocalPairs } from './approval-report.people.js';
import type { Range } from './approval-report.range.js';
import { decisionTimes, outcomes } from './approval-report.times.js';
import { Text, wholeNumber } from './parameters.js';
import type { Moment, ReadView } from './read-view.js';

const DAY_MS = 24 * 3_600_000;
const USUAL_DAYS = 30;
const MAX_DAYS = 400;
const STATEMENT_TIMEOUT_MS = 20_000;

/** The group whose members read reports without changing anything. */
const AUDITORS = 'auditors';

const Time = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()])
  .transform((text) => new Date(text));

export const ApprovalReportParameters = z.strictObject({
  from: Time.optional().describe(
    `inclusive; a date is its midnight in UTC; absent: ${USUAL_DAYS} days before \`to\``,
  ),
  to: Time.optional().describe(`exclusive; absent: now. At most ${MAX_DAYS} days after \`from\``),
  template: Text.optional(),
  person: Text.optional().describe(
    'only approvals that this person asked for, edited or decided, and only lines about this person; `me`: the caller',
  ),
  minimum: wholeNumber(1_000)
    .default(10)
    .meta({ default: 10, description: 'decisions from which on never having rejected is listed' }),
});

type Parameters = z.output<typeof ApprovalReportParameters>;

/** How approvals were decided in some days, and what an auditor looks at twice. */
@Injectable()
export class ApprovalReportQuery {
  /**
   * @throws AppError `report.not-allowed`, `report.bad-range`; `report.too-large` when the database takes
   *   too long over it.
   */
  async report(
    view: ReadView,
    parameters: Parameters,
    organisation: Organisation,
    now: Date,
    timeoutMs = STATEMENT_TIMEOUT_MS,
  ): Promise<object> {
    const { caller } = view;
    if (!isAdministrator(caller) && !caller.groups.includes(AUDITORS)) {
      const groups = `${AUDITORS} or ${ADMINISTRATORS}`;
      throw forbidden('report.not-allowed', `this takes a member of the group ${groups}`);
    }
    const range = rangeOf(parameters, now, (id) =>
      organisation.personOf(id === 'me' ? caller.id : id),
    );
    const { from, to, template = null, person = null, minimum } = range;
    const found = await view
      .atOneMoment(timeoutMs, (moment) => read(moment, range))
      .catch((error: unknown) => {
        if ((error as { code?: unknown }).code !== STATEMENT_CANCELLED) throw error;
        throw rule('report.too-large', 'ask for fewer days', { cause: error as Error });
      });
    return { from, to, template, person, minimum, ...found };
  }
}

const STATEMENT_CANCELLED = '57014';

/** One after the other: a transaction has one connection. */
async function read(moment: Moment, range: Range) {
  return {
    outcomes: await outcomes(moment, range),
    decisionTimes: await decisionTimes(moment, range),
    neverRejected: await neverRejected(moment, range),
    reciprocalPairs: await reciprocalPairs(moment, range),
    overrides: await overrides(moment, range),
    segregation: {
      refusals: await refusals(moment, range),
      onBehalf: await onBehalf(moment, range),
      escalations: await escalations(moment, range),
    },
    expired: await expired(moment, range),
  };
}

function rangeOf(parameters: Parameters, now: Date, personOf: (id: string) => string): Range {
  const { to = now, template, minimum } = parameters;
  const { from = new Date(to.getTime() - USUAL_DAYS * DAY_MS) } = parameters;
  const days = (to.getTime() - from.getTime()) / DAY_MS;
  if (days <= 0 || days > MAX_DAYS) {
    throw invalid('report.bad-range', `from 0 to ${MAX_DAYS} days, and \`from\` before \`to\``);
  }
  const person = parameters.person === undefined ? undefined : personOf(parameters.person);
  return { from, to, now, template, person, minimum };
}
