import { pathId } from '../http/path-id.js';

/** Where the API lies. */
export const API = 'api/v1';

/** @throws AppError `approval.not-found` for what is no id. */
export const approvalIn = (text: string): string => pathId(text, 'approval.not-found');
