import { invalid } from '@countersign/kernel';
import { type Directory, parseDirectory } from '@countersign/state-machine/schemas';
import { gunzipSync, gzipSync } from 'node:zlib';

/** Of the JSON text: what the largest directory may take. */
const MAX_BYTES = 64 * 1024 * 1024;

/** A directory as it travels on the bus, where messages are small: its JSON, gzipped, in base64. */
export function packDirectory(directory: Directory): string {
  return gzipSync(JSON.stringify(directory)).toString('base64');
}

/** @throws AppError `invalid` `directory.malformed` */
export function unpackDirectory(packed: string): Directory {
  return parseDirectory(unpacked(packed));
}

function unpacked(packed: string): unknown {
  try {
    const bytes = gunzipSync(Buffer.from(packed, 'base64'), { maxOutputLength: MAX_BYTES });
    return JSON.parse(bytes.toString());
  } catch (cause) {
    throw invalid('directory.malformed', 'it cannot be unpacked', { cause });
  }
}
