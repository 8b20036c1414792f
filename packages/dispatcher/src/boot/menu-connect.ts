import { connectDevice } from '../connections/connect-device.ts';
import type { ActionSpec } from '../pipeline/action.ts';

/** Opens the console, and asks for a first sign of the menu. */
export const menuConnect: ActionSpec = {
  ...connectDevice,
  name: 'menu-connect',
  summary: 'Customise connection for menu operations',
  description: 'change into a menu session',
  async run(a) {
    await connectDevice.run?.(a);
    await a.connection?.sendLine('\n');
  },
};

/** The menu is left: the shell of the system follows. */
export const menuReset: ActionSpec = {
  ...connectDevice,
  name: 'menu-reset',
  summary: 'reset to shell connection',
  description: 'change out of menu session to a shell session',
  async run(a) {
    await connectDevice.run?.(a);
    if (!a.connection) return;
    a.connection.lineEnd = '\n';
    await a.connection.sendLine('\n');
  },
};
