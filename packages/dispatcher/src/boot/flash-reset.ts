import type { ActionSpec } from '../pipeline/action.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { deviceCommand } from '../power/device-command.ts';
import { resetDevice } from '../power/reset-device.ts';
import { waitDeviceBoardId } from '../usb/wait-usb.ts';

/** A reset of boards that have a switch for it, before their debugger is looked for. */
export function flashReset(job: JobContext): ActionSpec[] {
  return [...(deviceCommand(job.device, 'hard_reset') ? [resetDevice(job)] : []), waitDeviceBoardId];
}
