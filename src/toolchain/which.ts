import { constants } from 'node:fs';
import { access, readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** The absolute path of a program: of `name` on `searchPath` (the form of PATH), or of an absolute name itself. */
export async function which(name: string, searchPath: string): Promise<string | null> {
  if (path.isAbsolute(name)) return (await isProgram(name)) ? name : null;
  for (const folder of folders(searchPath)) {
    const file = path.join(folder, name);
    if (await isProgram(file)) return file;
  }
  return null;
}

/** Programs called `<name>-<number>` on `searchPath`, highest number first. */
export async function numbered(name: string, searchPath: string): Promise<readonly string[]> {
  const found = new Map<number, string>();
  for (const folder of folders(searchPath)) {
    for (const entry of await readdir(folder).catch(() => [])) {
      const digits = entry.startsWith(`${name}-`) ? /^\d+$/.exec(entry.slice(name.length + 1))?.[0] : undefined;
      if (digits === undefined || found.has(Number(digits))) continue;
      const file = path.join(folder, entry);
      if (await isProgram(file)) found.set(Number(digits), file);
    }
  }
  return [...found].sort(([a], [b]) => b - a).map(([, file]) => file);
}

function folders(searchPath: string): readonly string[] {
  return searchPath.split(path.delimiter).filter((folder) => path.isAbsolute(folder));
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
