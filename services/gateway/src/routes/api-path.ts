/** Where the API lies. */
export const API = 'api/v1';
