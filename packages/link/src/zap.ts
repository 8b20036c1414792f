import { Reply, type Context } from 'zeromq';
import { encodeZ85 } from './z85.ts';

export interface Refusal {
  readonly address: string;
  /** Public key (Z85) of the peer, or the mechanism it tried when that was not CURVE. */
  readonly key: string;
}

/** The domain that the server's sockets name in their requests (`zapDomain`); without one libzmq does not ask. */
export const zapDomain = 'lava';

/**
 * Decides about each handshake in a ZeroMQ context (ZAP, RFC 27): only CURVE, only admitted keys.
 * Must run before the sockets of the context are bound. Closing the returned socket ends it.
 */
export async function authenticate(context: Context, admits: (publicKey: string) => Promise<boolean>, refused: (refusal: Refusal) => void): Promise<{ close(): void }> {
  const socket = new Reply({ context, linger: 0 });
  await socket.bind('inproc://zeromq.zap.01');
  const answer = async () => {
    for await (const [version, id, , address, , mechanism, credentials] of socket) {
      const isCurve = mechanism?.toString() === 'CURVE' && credentials?.length === 32;
      const key = isCurve ? encodeZ85(credentials) : `mechanism ${mechanism?.toString() ?? 'none'}`;
      const ok = isCurve && await admits(key);
      if (!ok) refused({ address: address?.toString() ?? '', key });
      await socket.send([version ?? '1.0', id ?? '', ok ? '200' : '400', ok ? 'OK' : 'certificate not admitted', ok ? key : '', '']);
    }
  };
  void answer().catch(() => { /* closed */ });
  return socket;
}
