import { type Directory, validateDefinition } from '@countersign/state-machine';
import { messageOf } from '@countersign/kernel';
import { parentPort } from 'node:worker_threads';

import { type AnalysisAnswer, type AnalysisQuestion, READY } from './analysis-messages.js';

// The whole of the analysis thread: `AnalysisWorker` starts it and asks one question at a time.
let directory: Directory | undefined;

parentPort?.postMessage(READY);
parentPort?.on('message', (question: AnalysisQuestion) => {
  parentPort?.postMessage(answer(question));
});

function answer({ id, definition, options, ...question }: AnalysisQuestion): AnalysisAnswer {
  if (question.directory === 'none') directory = undefined;
  else if (question.directory !== 'as-before') directory = question.directory;
  try {
    return { id, findings: validateDefinition(definition, { ...options, directory }) };
  } catch (error) {
    return { id, error: messageOf(error) };
  }
}
