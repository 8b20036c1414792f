import type { LineSettings } from './address.ts';

/** Telnet's option for serial ports (RFC 2217). */
export const comPortOption = 44;
const [SET_BAUDRATE, SET_DATASIZE, SET_PARITY, SET_STOPSIZE] = [1, 2, 3, 4];
/** What the server says is numbered so much higher. */
const fromServer = 100;

/** The requests that set a port's line, as bytes of subnegotiations. */
export function lineRequests({ baud, dataBits, parity, stopBits }: LineSettings): number[][] {
  return [
    [SET_BAUDRATE, (baud >>> 24) & 255, (baud >>> 16) & 255, (baud >>> 8) & 255, baud & 255],
    [SET_DATASIZE, dataBits],
    [SET_PARITY, { none: 1, odd: 2, even: 3 }[parity]],
    [SET_STOPSIZE, stopBits],
  ];
}

/** The speed a server says its port has now; undefined for any other answer. */
export function confirmedBaud(bytes: readonly number[]): number | undefined {
  if (bytes[0] !== SET_BAUDRATE + fromServer || bytes.length !== 5) return undefined;
  return bytes.slice(1).reduce((sum, byte) => sum * 256 + byte, 0);
}
