import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readArchive, writeArchive } from '../../src/objfile/archive.js';
import { ObjectFileError } from '../../src/objfile/errors.js';
import { elfWorkspace } from '../helpers/elf-workspace.js';

const members = [
  { name: '/a/path/that is/longer than sixteen.o', bytes: Buffer.from('first') },
  { name: 'b.o', bytes: Buffer.from('second!') },
  { name: 'ü.o', bytes: Buffer.alloc(0) },
];

test('what is written is read, names of any length and contents of odd ones', () => {
  const read = readArchive(writeArchive(members));

  expect(read.map(({ name, bytes }) => [name, Buffer.from(bytes).toString()])).toEqual([
    ['/a/path/that is/longer than sixteen.o', 'first'],
    ['b.o', 'second!'],
    ['ü.o', ''],
  ]);
});

test('other tools read it too', async () => {
  await using work = await elfWorkspace();
  await writeFile(join(work.path, 'ours.a'), writeArchive([members[1] ?? { name: '', bytes: new Uint8Array() }]));

  expect(await work.run('llvm-ar', 't', 'ours.a')).toBe('b.o\n');
  expect(await work.run('llvm-ar', 'p', 'ours.a', 'b.o')).toBe('second!');
});

test('one that is cut off or no archive at all is refused, wherever it ends', () => {
  const bytes = writeArchive(members.slice(0, 1));
  for (let size = 0; size < bytes.length - 1; size++) {
    if (size === 8) continue;
    expect(() => readArchive(bytes.subarray(0, size)), `${size} bytes`).toThrow(ObjectFileError);
  }
  expect(readArchive(bytes.subarray(0, 8))).toEqual([]);
});
