import { Caller, type Reply } from './caller.js';
import { closedLoop, type Figures } from './closed-loop.js';

/** How many of the development users a committee takes, each with their own decision. */
const QUORUM = 20;

/** A decision that somebody has still to make. */
interface Due {
  readonly approval: Reply;
  readonly member: Caller;
}

/**
 * Decisions of committees, most of them at the same moment about the same approval: each call is the decision of one
 * person, and every twentieth completes its approval. Approvals are asked for beside the calls, ahead of them.
 */
export async function approvalDecisions(
  base: string,
  requester: Caller,
  concurrency: number,
): Promise<Figures> {
  const members = await committee(base);
  const due: Due[] = [];
  let asking: Promise<void> | undefined;
  const ask = async () => {
    const policy = { level: 'COMMITTEE', quorum: QUORUM, approvers: ['group:trade-approvers'] };
    const body = { subject: { limit: 5 }, policy, reason: 'bench' };
    const approval = await requester.call('POST', '/approvals', 201, { body });
    due.push(...members.map((member) => ({ approval, member })));
  };
  const refill = async () => {
    while (due.length < 2 * concurrency + 10 * QUORUM) await ask();
    asking = undefined;
  };
  const next = async (): Promise<Due> => {
    for (;;) {
      if (due.length < concurrency + 5 * QUORUM) asking ??= refill();
      const first = due.shift();
      if (first) return first;
      await asking;
    }
  };
  await refill();
  const figures = await closedLoop(concurrency, async () => {
    const { approval, member } = await next();
    const { approvalId, subjectHash } = approval;
    await member.call('POST', `/approvals/${approvalId}/decisions`, 202, {
      body: { action: 'approve', reason: 'bench', subjectHash },
    });
  });
  await asking;
  return figures;
}

/** As many people as the quorum takes, other than whoever asks. */
async function committee(base: string): Promise<Caller[]> {
  const response = await fetch(`${base}/api/v1/dev/users`);
  const { items } = (await response.json()) as { items: { id: string }[] };
  const ids = items.map(({ id }) => id).filter((id) => id !== 'alice');
  return Promise.all(ids.slice(0, QUORUM).map((id) => Caller.signIn(base, id)));
}
