import {
  ChangeSubject,
  ClaimApproval,
  ClaimBody,
  CloseReview,
  CommentBody,
  CommentOnApproval,
  DecideApproval,
  DecisionBody,
  EscalateApproval,
  EscalationBody,
  OverrideApproval,
  OverrideBody,
  ReleaseApproval,
  ReviewBody,
  RevocationBody,
  RevokeDecision,
  SubjectBody,
  WithdrawalBody,
  WithdrawApproval,
} from '@countersign/contracts';
import { parseInput } from '@countersign/kernel';
import { Controller, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import { Operation } from '../documents/operation.js';
import { CommandGate } from '../http/command-gate.js';
import { API, approvalIn } from './api-path.js';

const NOT_FOUND = { 404: ['approval.not-found'] };
/** Nobody else than a person whom the policy names. */
const NOT_ASKED = ['approval.not-a-person', 'approval.not-an-approver'];
/** Of those whom the rules keep out, whatever the policy says. */
const KEPT_OUT = ['approval.excluded', 'approval.self-approval'];
const SIGN_IN = { 401: ['approval.reauthentication-needed'] };
const NoBody = ClaimBody.optional();

/** What people do with an approval. */
@Controller(`${API}/approvals/:approvalId`)
export class ApprovalCommandsController {
  constructor(@Inject(CommandGate) private readonly commands: CommandGate) {}

  @Post('decisions')
  @HttpCode(202)
  @Operation({
    summary: 'Approve, reject or abstain',
    description:
      'The decision binds to what was shown: `subjectHash` is the one of the approval. One person counts once over all stages, and nobody decides on what they asked for or edited. `onBehalfOf` names a person who has delegated to the caller; then neither of them decides again. Where the policy asks for a signature, the caller has to have signed in lately: `maxAgeSeconds` of the refusal says how lately.',
    body: DecisionBody,
    reply: DecideApproval.reply,
    errors: {
      ...SIGN_IN,
      ...NOT_FOUND,
      403: NOT_ASKED,
      422: [
        ...KEPT_OUT,
        'approval.abstain-not-allowed',
        'approval.already-decided',
        'approval.not-open',
        'approval.stale-subject',
      ],
    },
  })
  decide(@Req() request: FastifyRequest, @Param('approvalId') id: string) {
    const approvalId = approvalIn(id);
    const body = parseInput(DecisionBody, request.body);
    return this.commands.send(request, DecideApproval, { approvalId, ...body });
  }

  @Post('escalations')
  @HttpCode(202)
  @Operation({
    summary: 'Ask more people, for the stage that is open',
    description:
      'By somebody who may decide, or an administrator; never by who asked for the approval. Under a policy with tiers they are asked in their order, and `approvers` may name some of the next one; a request that names its approvers by itself takes any others, but not the caller.',
    body: EscalationBody,
    reply: EscalateApproval.reply,
    errors: {
      ...NOT_FOUND,
      403: NOT_ASKED,
      422: [
        ...KEPT_OUT,
        'approval.approvers-missing',
        'approval.no-tier',
        'approval.nobody-new',
        'approval.too-many-escalations',
        'approval.not-of-the-tiers',
        'approval.not-open',
        'approval.unknown-approver',
      ],
    },
  })
  escalate(@Req() request: FastifyRequest, @Param('approvalId') id: string) {
    const approvalId = approvalIn(id);
    const body = parseInput(EscalationBody, request.body);
    return this.commands.send(request, EscalateApproval, { approvalId, ...body });
  }

  @Post('withdrawals')
  @HttpCode(202)
  @Operation({
    summary: 'Withdraw a request: by who asked',
    body: WithdrawalBody,
    reply: WithdrawApproval.reply,
    errors: { ...NOT_FOUND, 422: ['approval.not-open', 'approval.not-the-requester'] },
  })
  withdraw(@Req() request: FastifyRequest, @Param('approvalId') id: string) {
    const approvalId = approvalIn(id);
    const body = parseInput(WithdrawalBody, request.body);
    return this.commands.send(request, WithdrawApproval, { approvalId, ...body });
  }

  @Post('revocations')
  @HttpCode(202)
  @Operation({
    summary: 'Take a decision back, before the approval is complete',
    description:
      'The caller’s own, or one that was made for the caller. Its stage is open again; decisions of later stages are void. Without `decisionId`: the caller’s only one.',
    body: RevocationBody,
    reply: RevokeDecision.reply,
    errors: { ...NOT_FOUND, 422: ['approval.no-such-decision', 'approval.not-open'] },
  })
  revoke(@Req() request: FastifyRequest, @Param('approvalId') id: string) {
    const approvalId = approvalIn(id);
    const body = parseInput(RevocationBody, request.body);
    return this.commands.send(request, RevokeDecision, { approvalId, ...body });
  }

  @Post('comments')
  @HttpCode(202)
  @Operation({
    summary: 'Comment, ask for information, or answer a question; also after the outcome',
    body: CommentBody,
    reply: CommentOnApproval.reply,
    errors: {
      ...NOT_FOUND,
      403: ['approval.not-a-person', 'approval.not-involved'],
      422: ['approval.no-such-question', 'approval.too-many-comments'],
    },
  })
  comment(@Req() request: FastifyRequest, @Param('approvalId') id: string) {
    const approvalId = approvalIn(id);
    const body = parseInput(CommentBody, request.body);
    return this.commands.send(request, CommentOnApproval, { approvalId, ...body });
  }

  @Post('subject')
  @HttpCode(202)
  @Operation({
    summary: 'Change what is asked: by who asked, of an ad-hoc request',
    description:
      'A change of a field that the policy calls material, of any without such a list, makes every decision void, and the first stage is open again. Other changes leave the decisions; new ones take the new `subjectHash`.',
    body: SubjectBody,
    reply: ChangeSubject.reply,
    errors: {
      ...NOT_FOUND,
      422: ['approval.not-open', 'approval.not-the-requester', 'approval.subject-is-the-workflows'],
    },
  })
  changeSubject(@Req() request: FastifyRequest, @Param('approvalId') id: string) {
    const approvalId = approvalIn(id);
    const body = parseInput(SubjectBody, request.body);
    return this.commands.send(request, ChangeSubject, { approvalId, ...body });
  }

  @Post('claims')
  @HttpCode(202)
  @Operation({
    summary: 'Say that the caller is looking at it',
    description: 'Others may decide all the same. Ends with the caller’s decision.',
    body: NoBody,
    reply: ClaimApproval.reply,
    errors: {
      ...NOT_FOUND,
      403: NOT_ASKED,
      422: [
        ...KEPT_OUT,
        'approval.already-claimed',
        'approval.already-decided',
        'approval.not-open',
      ],
    },
  })
  claim(@Req() request: FastifyRequest, @Param('approvalId') id: string) {
    const approvalId = approvalIn(id);
    parseInput(NoBody, request.body);
    return this.commands.send(request, ClaimApproval, { approvalId });
  }

  @Post('releases')
  @HttpCode(202)
  @Operation({
    summary: 'Give a claimed one back: whoever claimed it, or an administrator',
    body: NoBody,
    reply: ReleaseApproval.reply,
    errors: {
      ...NOT_FOUND,
      422: ['approval.claimed-by-another', 'approval.not-claimed', 'approval.not-open'],
    },
  })
  release(@Req() request: FastifyRequest, @Param('approvalId') id: string) {
    const approvalId = approvalIn(id);
    parseInput(NoBody, request.body);
    return this.commands.send(request, ReleaseApproval, { approvalId });
  }

  @Post('overrides')
  @HttpCode(202)
  @Operation({
    summary: 'Grant in an emergency, by whom the policy names for that',
    description: 'Opens a review, which somebody else has to close (`/reviews`).',
    body: OverrideBody,
    reply: OverrideApproval.reply,
    errors: {
      ...SIGN_IN,
      ...NOT_FOUND,
      403: NOT_ASKED,
      422: [...KEPT_OUT, 'approval.not-open', 'approval.stale-subject'],
    },
  })
  override(@Req() request: FastifyRequest, @Param('approvalId') id: string) {
    const approvalId = approvalIn(id);
    const body = parseInput(OverrideBody, request.body);
    return this.commands.send(request, OverrideApproval, { approvalId, ...body });
  }

  @Post('reviews')
  @HttpCode(202)
  @Operation({
    summary: 'Close the review of an emergency override',
    description:
      'By an approver, somebody who could have overridden, or an administrator; not by who did, who asked, or who made the subject. The verdict is on record and in the report, and undoes nothing: what was granted stays granted.',
    body: ReviewBody,
    reply: CloseReview.reply,
    errors: {
      ...NOT_FOUND,
      403: NOT_ASKED,
      422: [...KEPT_OUT, 'approval.no-open-review'],
    },
  })
  closeReview(@Req() request: FastifyRequest, @Param('approvalId') id: string) {
    const approvalId = approvalIn(id);
    const body = parseInput(ReviewBody, request.body);
    return this.commands.send(request, CloseReview, { approvalId, ...body });
  }
}
