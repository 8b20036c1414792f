import { commandedBootloader } from './commanded.ts';

/** barebox, stopped at its prompt. */
export const barebox = commandedBootloader({ method: 'barebox', action: 'barebox-action', retry: 'barebox-retry', needsCommands: true });
