import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { unknownModule } from '../config/modules.js';
import { DebugInfoError } from '../debuginfo/errors.js';
import { readDebugInfo } from '../debuginfo/read.js';
import type { DebugInfo } from '../debuginfo/types.js';
import { exitCode, HotmodError } from '../errors.js';
import { diffLayouts } from '../layout/diff.js';
import { diffText } from '../layout/diff-text.js';
import { layoutsOf, type RecordLayout } from '../layout/layout.js';
import { layoutJson } from '../layout/layout-json.js';
import { layoutText } from '../layout/layout-text.js';
import { strip } from '../layout/strip.js';
import { recordName } from '../layout/type-name.js';
import { ObjectFileError } from '../objfile/errors.js';
import { lineWriter } from '../report/writer.js';
import { readLastGood } from '../session/generations/last-good.js';
import { besideLibrary } from '../session/linked-objects.js';
import { didYouMean } from '../text/nearest.js';
import { readLibrary } from '../validate/read-library.js';
import type { InspectOptions } from './inspect-options.js';
import type { CommandIo } from './io.js';
import { loadProject } from './project.js';

/** `hotmod inspect <file or module> --layout [type]`, and `--layout --diff OLD NEW`. Needs no session. */
export async function inspectLayout(options: InspectOptions, io: CommandIo): Promise<number> {
  const { type, lineSize } = options.layout ?? { type: null, lineSize: 64 };
  const writer = lineWriter(io.stdout);
  const [old, now] = options.diff;
  if (old !== undefined) {
    if (now === undefined || options.diff.length > 2 || options.target !== null) throw notTwo();
    const [before, after] = [await readTypes(resolve(io.cwd, old)), await readTypes(resolve(io.cwd, now))];
    const changes = diffLayouts(ownLayouts(before), ownLayouts(after)).filter(
      (one) => type === null || names(one.name, type),
    );
    if (options.json) writer.line(JSON.stringify({ changes }));
    else for (const line of diffText(changes)) writer.line(line);
    if (changes.length === 0 && !options.json) writer.line('No layout changed.');
    return exitCode.ok;
  }

  const { target, wanted } = meant(options.target, type);
  const library = isFile(target, io.cwd) ? resolve(io.cwd, target) : await libraryOf(target, options, io);
  const info = await readTypes(library);
  const layouts = wanted === null ? ownLayouts(info) : chosen(info, wanted, target);
  if (options.json) writer.line(JSON.stringify(layoutJson(layouts)));
  else for (const line of textOf(layouts, lineSize, wanted !== null)) writer.line(line);
  return exitCode.ok;
}

/** `--layout <file>` is taken for what it must mean: the file and not a type of that name. */
function meant(
  target: string | null,
  type: string | null,
): { readonly target: string; readonly wanted: string | null } {
  if (target !== null) return { target, wanted: type };
  if (type !== null) return { target: type, wanted: null };
  throw new HotmodError('HM117', 'Say what the layouts are of.', {
    hint: 'Name a module or a file: "hotmod inspect <module or file> --layout".',
    exitCode: exitCode.usage,
  });
}

function textOf(layouts: readonly RecordLayout[], lineSize: number, expand: boolean): readonly string[] {
  if (layouts.length === 0) return ['It has no structs, classes or unions of its own.'];
  return layouts.flatMap((layout, n) => [...(n === 0 ? [] : ['']), ...layoutText(layout, { lineSize, expand })]);
}

/** A module's name has no slash and no ending; anything else, and whatever is a file, is one. */
function isFile(target: string, cwd: string): boolean {
  if (/\/|\.(so|o|a|dylib|dSYM)\b/.test(target)) return true;
  return statSync(resolve(cwd, target), { throwIfNoEntry: false })?.isFile() === true;
}

/** The library that runs, or ran last. */
async function libraryOf(module: string, options: InspectOptions, io: CommandIo): Promise<string> {
  const config = await loadProject(options, io, false);
  const known = (await readLastGood(config.outDir))[module];
  if (known !== undefined) return known.library;
  const names = config.modules.map((one) => one.name);
  if (!names.includes(module)) throw unknownModule(module, names);
  throw new HotmodError('HM118', `${module} was not built and run yet.`, {
    hint: 'Start "hotmod dev" once, or name a library or object file.',
    exitCode: exitCode.missing,
  });
}

async function readTypes(file: string): Promise<DebugInfo> {
  const read = readLibrary(file);
  if (!read.ok) throw unreadable('HM308', `${read.message}.`, 'Check the path.', exitCode.usage);
  try {
    const linked = besideLibrary(file);
    const beside = (name: string, modified: number) => linked(name, modified) ?? readBeside(file, name, modified);
    return readDebugInfo(read.bytes, { beside });
  } catch (error) {
    if (error instanceof DebugInfoError) {
      const hint = 'Build it with -g, and do not strip it.';
      throw unreadable('HM438', `The types of ${file} cannot be read: ${error.message}.`, hint);
    }
    if (!(error instanceof ObjectFileError)) throw error;
    throw unreadable(
      'HM302',
      `${file} cannot be read: ${error.message}.`,
      'Name a shared library, an object file or a program.',
    );
  }
}

/** Debug information may lie in a file of its own, next to the one that it belongs to. */
function readBeside(file: string, name: string, modified: number): Uint8Array | null {
  // An object file that was written since the link is not what the library was made of.
  if (modified !== 0) return null;
  for (const path of isAbsolute(name) ? [name] : [join(dirname(file), name), join(dirname(file), basename(name))]) {
    try {
      return readFileSync(path);
    } catch {
      // It may be at the next place.
    }
  }
  return null;
}

function unreadable(
  code: string,
  message: string,
  hint: string,
  exit: (typeof exitCode)[keyof typeof exitCode] = exitCode.failed,
): HotmodError {
  return new HotmodError(code, message.replace(/\.\.$/, '.'), { hint, exitCode: exit });
}

/** Without those of the system's headers, of which a C++ file has hundreds; one that is named is found all the same. */
function ownLayouts(info: DebugInfo): readonly RecordLayout[] {
  return layoutsOf(info).filter(({ place }) => !place.file.startsWith('/usr/'));
}

function chosen(info: DebugInfo, wanted: string, owner: string): readonly RecordLayout[] {
  const all = layoutsOf(info);
  const found = all.filter((layout) => names(layout.name, wanted));
  if (found.length > 0) return found;
  const aliases = info.types.flatMap((type) => {
    if (type.kind !== 'typedef' || type.name !== wanted) return [];
    const target = strip(type);
    return target.kind === 'record' ? [recordName(target)] : [];
  });
  const behind = all.filter((layout) => aliases.some((alias) => names(layout.name, alias)));
  if (behind.length > 0) return behind;
  const known = [...new Set(all.flatMap(({ name }) => [name, bare(name)]))];
  throw new HotmodError('HM119', `${owner} has no struct, class or union "${wanted}".${didYouMean(wanted, known)}`, {
    hint: 'Without a name, --layout shows all there are.',
    exitCode: exitCode.usage,
  });
}

/** `struct point` is meant by that, by `point`, and, where several files have one, by both. */
function names(name: string, wanted: string): boolean {
  const single = name.replace(/ \(.*\)$/, '');
  return [name, single, bare(name), bare(single)].includes(wanted);
}

function bare(name: string): string {
  return name.replace(/^(struct|class|union) /, '');
}

function notTwo(): HotmodError {
  return new HotmodError('HM117', '--diff takes two files: the old one and the new one.', {
    hint: '"hotmod inspect --layout --diff OLD NEW", with libraries or object files.',
    exitCode: exitCode.usage,
  });
}
