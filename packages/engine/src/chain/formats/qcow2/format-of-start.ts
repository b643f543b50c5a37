import { Buffer } from 'node:buffer';

/** How files in formats of disk images begin, by the names that QEMU has for the formats. */
const beginnings: readonly (readonly [format: string, at: number, bytes: string])[] = [
  // Version 1 has a format of its own.
  ['qcow', 0, 'QFI\xfb\0\0\0\x01'],
  ['qcow2', 0, 'QFI\xfb'],
  ['vmdk', 0, 'KDMV'],
  ['vmdk', 0, 'COWD'],
  ['vmdk', 0, '# Disk DescriptorFile'],
  ['vhdx', 0, 'vhdxfile'],
  ['vpc', 0, 'conectix'],
  ['vdi', 64, '\x7f\x10\xda\xbe'],
  ['qed', 0, 'QED\0'],
  ['parallels', 0, 'WithoutFreeSpace'],
  ['parallels', 0, 'WithouFreSpacExt'],
  ['luks', 0, 'LUKS\xba\xbe'],
  ['bochs', 0, 'Bochs Virtual HD Image'],
  ['cloop', 0, '#!/bin/sh\n#V2.0 Format\nmodprobe cloop'],
];

/** The format of a disk image that begins with these bytes, as QEMU recognises it; null if it is raw. */
export function formatOfStart(start: Uint8Array): string | null {
  const found = beginnings.find(([, at, text]) => {
    const bytes = Buffer.from(text, 'latin1');
    return bytes.equals(start.subarray(at, at + bytes.length));
  });
  return found?.[0] ?? null;
}
