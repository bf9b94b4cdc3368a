import type { WorkflowDefinitionInput } from '@countersign/state-machine';

import type { TestSystem } from './system.js';

/** Drafts, submits and publishes a definition as two people do it. Answers the version and its position. */
export async function publish(
  system: TestSystem,
  definition: WorkflowDefinitionInput,
): Promise<{ version: number; position: string }> {
  const [author, reviewer] = [await system.as('alice'), await system.as('bob')];
  const drafted = await author.post<{ version: number }>('/templates', { definition });
  if (drafted.status !== 201) throw new Error(`not drafted: ${JSON.stringify(drafted.body)}`);
  const { version } = drafted.body;
  const path = `/templates/${definition.name}/versions/${version}`;
  await author.post(`${path}/submit`, {});
  const { status, body } = await reviewer.post<{ position: string }>(`${path}/publish`, {});
  if (status >= 300) throw new Error(`not published: ${JSON.stringify(body)}`);
  return { version, position: body.position };
}
