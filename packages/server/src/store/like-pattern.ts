/** A text to look for as the pattern of LIKE: its own `%` and `_` mean themselves. */
export const likePattern = (text: string) => `%${text.replace(/[\\%_]/g, '\\$&')}%`;
