/** What udev knows of a device: `SUBSYSTEM`, `DEVNAME`, `DEVLINKS`, `ID_SERIAL_SHORT` …; attributes of the kernel as `ATTR serial`. */
export type UdevRecord = Readonly<Record<string, string>>;

/** The devices in the output of `udevadm info --export-db`. */
export function devicesOf(database: string): UdevRecord[] {
  return database.split('\n\n').map((block) => recordOf(block, /^E: ([^=]+)=(.*)$/gm)).filter((record) => record['DEVPATH'] !== undefined);
}

/** The event in a block of `udevadm monitor --property`; undefined for its introduction. */
export function eventOf(block: string): UdevRecord | undefined {
  const record = recordOf(block, /^([A-Z0-9_.]+)=(.*)$/gm);
  return record['DEVPATH'] === undefined ? undefined : record;
}

/** The device's own attributes and those of the USB device it belongs to, in the output of `udevadm info --attribute-walk`. */
export function attributesOf(walk: string): UdevRecord {
  const found: Record<string, string> = {};
  for (const [, name = '', value = ''] of walk.matchAll(/^ *ATTRS?\{([^}]+)\}=="(.*)"$/gm)) found[name] ??= value;
  return found;
}

function recordOf(block: string, lines: RegExp): UdevRecord {
  return Object.fromEntries([...block.matchAll(lines)].map(([, key = '', value = '']) => [key, value]));
}
