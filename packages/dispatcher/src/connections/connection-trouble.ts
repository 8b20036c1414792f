/** What is known of a connection that cannot be made or has ended by itself. */
export interface Trouble {
  /** Reason code. */
  readonly code: string;
  readonly hint: string;
}

const troubles = {
  refused: { code: 'serial-refused', hint: 'Nobody listens at the address of the serial line: check that the serial server (ser2net, conmux …) runs, and the port in the device dictionary.' },
  unreachable: { code: 'serial-unreachable', hint: 'The host of the serial line cannot be reached: check its name in the device dictionary, and the network between it and the worker.' },
  busy: { code: 'serial-busy', hint: 'Somebody else uses the serial line: close the other connection, or make the serial server kick the old user out.' },
  missing: { code: 'serial-missing', hint: 'There is no such serial device on the worker: check the cable, the USB adapter and its udev rule.' },
  denied: { code: 'connection-denied', hint: 'The other side does not let us in: check keys, passwords and the permissions of the device file.' },
} as const satisfies Record<string, Trouble>;

/** What the error of the system means for a serial line. */
export function systemTrouble(error: NodeJS.ErrnoException): Trouble | undefined {
  switch (error.code) {
    case 'ECONNREFUSED': return troubles.refused;
    case 'EHOSTUNREACH': case 'ENETUNREACH': case 'ETIMEDOUT': case 'ENOTFOUND': case 'EAI_AGAIN': return troubles.unreachable;
    case 'EBUSY': return troubles.busy;
    case 'ENOENT': case 'ENXIO': case 'ENODEV': return troubles.missing;
    case 'EACCES': case 'EPERM': return troubles.denied;
    default: return undefined;
  }
}

const said: readonly (readonly [RegExp, Trouble])[] = [
  [/connection refused/i, troubles.refused],
  [/no route to host|network is unreachable|connection timed out|could not resolve|name or service not known|server lookup failure/i, troubles.unreachable],
  [/already in use|port busy|device or resource busy|resource temporarily unavailable/i, troubles.busy],
  [/permission denied|host key verification failed/i, troubles.denied],
];

/** What the last words of a program or of a serial server tell. */
export function spokenTrouble(lastOutput: string): Trouble | undefined {
  return said.find(([words]) => words.test(lastOutput))?.[1];
}

/** A serial line that worked and is gone. */
export const serialClosed: Trouble = {
  code: 'serial-closed', hint: 'The serial server hung up while the job ran: look whether it was restarted, or whether somebody else took the line.',
};
