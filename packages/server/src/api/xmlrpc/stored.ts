import { isTaken } from '../../store/taken.ts';
import { Fault } from './codec/values.ts';

/** Did the database refuse a row because its name is none that may be (a slash in it)? */
const isBadName = (error: unknown) => codeOf(error) === '23514';

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}

/** Stores something new under a name. Throws Fault with LAVA's words for a name that is taken or cannot be one. */
export async function storeNew(what: string, taken: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (isTaken(error)) throw new Fault(400, `Bad request: ${taken}`);
    throw isBadName(error) ? new Fault(400, `Bad request: the name of a ${what} must not contain a slash.`) : error;
  }
}
