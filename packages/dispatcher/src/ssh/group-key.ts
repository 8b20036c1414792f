import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';

/** A key pair as files of OpenSSH hold it. */
export interface SshKey {
  readonly privateText: string;
  /** One line, as in `authorized_keys`. */
  readonly publicText: string;
}

const type = 'ssh-ed25519';
/** What stands before the 32 bytes of an Ed25519 key in DER (RFC 8410). */
const derHead = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * The key by which the jobs of a multinode group sign in to the group's devices. It is made of the group's id, so that all
 * workers of the group have the same, and no other group has it.
 */
export function groupKey(group: string): SshKey {
  const seed = createHash('sha256').update(`lava ssh key of group ${group}`).digest();
  const publicBytes = createPublicKey(createPrivateKey({ key: Buffer.concat([derHead, seed]), format: 'der', type: 'pkcs8' })).export({ type: 'spki', format: 'der' }).subarray(-32);
  const publicBlob = Buffer.concat([field(type), field(publicBytes)]);
  const comment = `lava-${group}`;
  // The two numbers would tell a wrong password; there is none.
  const secret = Buffer.concat([number(0), number(0), publicBlob, field(Buffer.concat([seed, publicBytes])), field(comment)]);
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, i) => i + 1));
  const blob = Buffer.concat([Buffer.from('openssh-key-v1\0'), field('none'), field('none'), field(''), number(1), field(publicBlob), field(Buffer.concat([secret, padding]))]);
  const lines = blob.toString('base64').match(/.{1,70}/g) ?? [];
  return {
    privateText: ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n'),
    publicText: `${type} ${publicBlob.toString('base64')} ${comment}\n`,
  };
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function field(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([number(bytes.length), bytes]);
}
