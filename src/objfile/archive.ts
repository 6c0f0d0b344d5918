import { ObjectFileError } from './errors.js';

export interface ArchiveMember {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const magic = '!<arch>\n';
const headerSize = 60;

/**
 * A static library of these files, as `ar` of BSD and macOS writes it (ar(5)): names of any length stand before the
 * contents, after a name of `#1/` and their length. Times and owners are left at zero, so that the same files give the
 * same bytes.
 */
export function writeArchive(members: readonly ArchiveMember[]): Uint8Array {
  const parts = members.flatMap(({ name, bytes }) => {
    const written = Buffer.from(name);
    const size = written.length + bytes.length;
    const fields = [
      [`#1/${written.length}`, 16],
      ['0', 12],
      ['0', 6],
      ['0', 6],
      ['644', 8],
      [`${size}`, 10],
    ] as const;
    const header = `${fields.map(([text, width]) => text.padEnd(width)).join('')}\`\n`;
    return [Buffer.from(header), written, bytes, Buffer.from(size % 2 === 0 ? '' : '\n')];
  });
  return Buffer.concat([Buffer.from(magic), ...parts]);
}

/**
 * The members of such a file, in its order; windows into it.
 *
 * @throws ObjectFileError
 */
export function readArchive(bytes: Uint8Array): readonly ArchiveMember[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.toString('latin1', 0, magic.length) !== magic) throw corrupt('it is no archive');
  const members: ArchiveMember[] = [];
  for (let at = magic.length; at < buffer.length; ) {
    const header = buffer.toString('latin1', at, at + headerSize);
    const size = Number(header.slice(48, 58).trim());
    const start = at + headerSize;
    if (header.length < headerSize || !Number.isInteger(size) || size < 0 || start + size > buffer.length) {
      throw corrupt('a member of the archive is cut off');
    }
    const long = /^#1\/(\d+) *$/.exec(header.slice(0, 16));
    const nameSize = Number(long?.[1] ?? 0);
    if (nameSize > size) throw corrupt('a name of the archive is longer than its member');
    const name = long === null ? header.slice(0, 16).trimEnd() : buffer.toString('utf8', start, start + nameSize);
    members.push({ name, bytes: bytes.subarray(start + nameSize, start + size) });
    at = start + size + (size % 2);
  }
  return members;
}

function corrupt(message: string): ObjectFileError {
  return new ObjectFileError('corrupt', message);
}
