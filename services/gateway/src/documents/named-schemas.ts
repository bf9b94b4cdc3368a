import { DecideApproval, StartWorkflowBody, WorkflowReply } from '@countersign/contracts';
import {
  Actions,
  ApprovalPolicy,
  DefinitionOverrides,
  TransitionTrigger,
  WorkflowDefinition,
} from '@countersign/state-machine';
import { z } from 'zod';

import { ApprovalDetail, ApprovalItem } from '../queries/approvals.replies.js';
import { AvailableTransition, WorkflowDetail, WorkflowItem } from '../queries/workflows.replies.js';

/** An RFC 9457 problem document. */
export const Problem = z
  .looseObject({
    type: z.string().describe('`urn:countersign:problem:<code>`'),
    title: z.string().describe('the name of the status'),
    status: z.int(),
    code: z.string().describe('stable, for programs'),
    detail: z.string().describe('one sentence for people'),
    problems: z
      .array(z.object({ at: z.string().describe('a JSON pointer'), problem: z.string() }))
      .optional()
      .describe('every place that is wrong, of codes that end in `.invalid` or `.malformed`'),
  })
  .describe('what went wrong (RFC 9457); codes may bring further members');

/** What the documents refer to by name, so that generated clients get types of these names. */
export const namedSchemas: Readonly<Record<string, z.ZodType>> = {
  Actions,
  ApprovalDetail,
  ApprovalItem,
  ApprovalPolicy,
  AvailableTransition,
  DecisionReply: DecideApproval.reply,
  DefinitionOverrides,
  Problem,
  StartWorkflowBody,
  TransitionTrigger,
  WorkflowDefinition,
  WorkflowDetail,
  WorkflowItem,
  WorkflowReply,
};
