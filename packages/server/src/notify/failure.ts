import { LavaError } from '@lava/base';

/** A message did not arrive. Its text is stored and shown to admins: it holds no secrets. */
export class DeliveryError extends LavaError {
  override readonly name = 'DeliveryError';
  /** Trying again is of no use. */
  readonly final: boolean;

  constructor(message: string, { final = false, cause }: { final?: boolean; cause?: unknown } = {}) {
    super(message, { code: 'delivery', cause });
    this.final = final;
  }
}
