/** Did the database refuse a row because there is one of that name? */
export const isTaken = (error: unknown) => codeOf(error) === '23505';
/** … because a name is none that may be (a slash in it)? */
export const isBadName = (error: unknown) => codeOf(error) === '23514';

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
