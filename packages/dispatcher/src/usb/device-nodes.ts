import { isMapping, type Mapping } from '@lava/job';
import type { Action } from '../pipeline/action.ts';
import { asText } from '../text/as-text.ts';
import type { UdevRecord } from './udev-records.ts';

/** Does an entry of `device_info` or `static_info` mean this device? The most telling of the ids it has decide. */
function means(entry: Mapping, device: UdevRecord): boolean {
  const id = (key: string) => (entry[key] === undefined || entry[key] === null ? '' : asText(entry[key]));
  const [board, vendor, product, label] = [id('board_id'), id('usb_vendor_id'), id('usb_product_id'), id('fs_label')];
  const is = (wanted: string, property: string) => wanted === '' || device[property] === wanted;
  if (board !== '') return is(board, 'ID_SERIAL_SHORT') && is(vendor, 'ID_VENDOR_ID') && (vendor === '' || is(product, 'ID_MODEL_ID'));
  if (vendor !== '' && product !== '') return is(vendor, 'ID_VENDOR_ID') && is(product, 'ID_MODEL_ID');
  return label !== '' && device['ID_FS_LABEL'] === label;
}

/** Tells of each device whether `device_info` or `static_info` names it, or it hangs on one that is named. */
export function namedDevices(a: Action, key: 'device_info' | 'static_info', known: readonly UdevRecord[]): (device: UdevRecord) => boolean {
  const list: unknown = a.job.device[key];
  const entries = (Array.isArray(list) ? list : []).filter(isMapping);
  const named = (device: UdevRecord) => entries.some((entry) => means(entry, device));
  const roots = known.filter(named).map((device) => device['DEVPATH'] ?? '');
  return (device) => named(device) || roots.some((root) => `${device['DEVPATH'] ?? ''}/`.startsWith(`${root}/`));
}

/** A device's node and the links to it, below /dev. */
export function nodesOf({ DEVNAME, DEVLINKS = '' }: UdevRecord): string[] {
  return DEVNAME === undefined ? [] : [DEVNAME, ...DEVLINKS.split(' ')].filter((node) => node.startsWith('/dev/'));
}
