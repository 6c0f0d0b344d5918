import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { identifier } from '../config/entry.js';
import { configFileNames } from '../config/find.js';
import { type ExitCode, exitCode, HotmodError, messageOf } from '../errors.js';
import { type Language, moduleFileText, sourceText } from './init-templates.js';
import type { CommandIo } from './io.js';

export interface InitOptions {
  /** The project's folder, relative to io.cwd; made where it does not exist. Default: io.cwd itself. */
  readonly dir?: string | undefined;
  /** Name of the module and of its folder. Default: hello. */
  readonly name?: string | undefined;
  /** `c` or `cpp`. Default: c. */
  readonly lang?: string | undefined;
}

/**
 * Writes a first module and a config into a project. A file that is there is never changed, except that `.hotmod/`
 * is added to a .gitignore that lacks it.
 *
 * @throws HotmodError HM103 for a name or a language that cannot be, HM101 where the folder cannot be written
 */
export async function init(options: InitOptions, io: CommandIo): Promise<ExitCode> {
  const name = moduleName(options.name ?? 'hello');
  const language = languageOf(options.lang ?? 'c');
  const root = path.resolve(io.cwd, options.dir ?? '.');
  const source = path.join('modules', name, `${name}.${language}`);
  const written = [
    await writeNew(root, source, sourceText(name, identifier(name), language)),
    await writeNew(root, path.join('modules', name, 'module.json'), moduleFileText()),
    await writeConfig(root),
    await ignoreOutput(root),
  ];
  for (const line of written) io.stdout.write(`${line}\n`);
  io.stdout.write(nextSteps(path.relative(io.cwd, root), source));
  return exitCode.ok;
}

function moduleName(name: string): string {
  if (/^[A-Za-z_][\w-]*$/.test(name)) return name;
  throw usage(`"${name}" cannot be the name of a module.`, 'Take letters, digits, "_" and "-", with a letter first.');
}

function languageOf(lang: string): Language {
  if (lang === 'c' || lang === 'cpp') return lang;
  throw usage(`There is no template for the language "${lang}".`, 'Languages: c, cpp.');
}

async function writeNew(root: string, file: string, text: string): Promise<string> {
  try {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    // `wx` fails where the file exists, also where it came into being this very moment.
    await writeFile(path.join(root, file), text, { flag: 'wx' });
    return `wrote       ${file}`;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST' && (await isFile(path.join(root, file)))) {
      return `left alone  ${file} (exists)`;
    }
    throw cannotWrite(path.join(root, file), error);
  }
}

async function writeConfig(root: string): Promise<string> {
  for (const name of configFileNames) if (await isFile(path.join(root, name))) return `left alone  ${name} (exists)`;
  const manifest = await readFile(path.join(root, 'package.json'), 'utf8').catch(() => '');
  // Two configs would be an error: a project that has its settings in package.json keeps them there.
  if (/"hotmod"\s*:\s*\{/.test(manifest)) return 'left alone  package.json (has a "hotmod" key)';
  return writeNew(root, 'hotmod.config.ts', configText);
}

async function ignoreOutput(root: string): Promise<string> {
  const file = path.join(root, '.gitignore');
  const old = await readFile(file, 'utf8').catch(() => null);
  if (old === null) return writeNew(root, '.gitignore', '.hotmod/\n');
  if (/^\/?\.hotmod\/?\s*$/m.test(old)) return 'left alone  .gitignore (has .hotmod/)';
  const separator = old === '' || old.endsWith('\n') ? '' : '\n';
  await writeFile(file, `${old}${separator}.hotmod/\n`).catch((error: unknown) => {
    throw cannotWrite(file, error);
  });
  return 'added       .hotmod/ to .gitignore';
}

function nextSteps(dir: string, source: string): string {
  const enter = dir === '' ? '' : `  cd ${dir}\n`;
  return `\nNext:\n${enter}  hotmod doctor --fix   (once: is everything there to build with?)\n  hotmod dev            then edit ${source} and save\n`;
}

const configText = `import { defineConfig } from 'hotmod';

// Everything here has a default; an empty config is a good config.
export default defineConfig({
  modules: {
    patterns: ['modules/*'],
  },
  host: {
    // Updates a second.
    rate: 60,
  },
});
`;

async function isFile(file: string): Promise<boolean> {
  return (await stat(file).catch(() => null))?.isFile() ?? false;
}

function cannotWrite(file: string, error: unknown): HotmodError {
  return new HotmodError('HM101', `${file} cannot be written: ${messageOf(error)}`, {
    hint: 'Check that the folder is yours, that the disk has room, and that nothing else has this name.',
    exitCode: exitCode.usage,
    cause: error,
  });
}

function usage(message: string, hint: string): HotmodError {
  return new HotmodError('HM103', message, { hint, exitCode: exitCode.usage });
}
