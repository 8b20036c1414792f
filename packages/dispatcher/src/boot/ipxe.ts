import { commandedBootloader } from './commanded.ts';

/** iPXE, stopped at its command line. */
export const ipxe = commandedBootloader({ method: 'ipxe', action: 'bootloader-action', retry: 'bootloader-retry', needsCommands: false });
