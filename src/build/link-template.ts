import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Run } from './run.js';
import type { LinkStep } from './steps.js';

/** The linker's own command line with places for what changes from link to link. */
export interface LinkTemplate {
  readonly linker: string;
  /** The arguments, with `objectMark` standing where the objects go and the other marks inside their arguments. */
  readonly args: readonly string[];
}

const outputMark = 'hotmod-output.so';
const nameMark = 'hotmod-name';
const objectName = 'hotmod-object.o';

/**
 * Asks the compiler driver once how it would link (`-###`), because starting the driver for every link costs as much as
 * the link itself, and a hand-written command line would miss its start files. Undefined where the answer is not
 * exactly one linker command that names the object, the output and the library's name once: then the driver links.
 */
export async function askLinkTemplate(
  link: LinkStep,
  where: {
    readonly cwd: string;
    readonly tempDir: string;
    readonly env: Readonly<Record<string, string>>;
    readonly baseEnv: Readonly<Record<string, string>> | undefined;
    readonly run: Run;
  },
): Promise<LinkTemplate | undefined> {
  mkdirSync(where.tempDir, { recursive: true });
  // The driver wants to see its inputs, so that there is an empty object to show.
  const object = join(where.tempDir, objectName);
  writeFileSync(object, '');
  const output = join(where.tempDir, outputMark);
  const answer = await where.run({
    file: link.command,
    args: ['-###', ...link.head, link.nameFlag(nameMark), '-o', output, object, ...link.tail],
    cwd: where.cwd,
    env: where.env,
    baseEnv: where.baseEnv,
    shell: false,
    signal: new AbortController().signal,
  });
  rmSync(where.tempDir, { recursive: true, force: true });
  return answer.exitCode === 0 ? readTemplate(answer.output, object, output) : undefined;
}

/** The arguments of one real link. `output` and objects as paths, `name` what the library is called in itself. */
export function fillTemplate(
  template: LinkTemplate,
  values: { readonly objects: readonly string[]; readonly output: string; readonly name: string },
): readonly string[] {
  return template.args.flatMap((arg) => {
    if (arg === objectName) return values.objects;
    if (arg === outputMark) return [values.output];
    return [arg.replace(nameMark, () => values.name)];
  });
}

function readTemplate(text: string, object: string, output: string): LinkTemplate | undefined {
  if (/(?:^|: )(?:error|warning): /m.test(text)) return undefined;
  const commands = text.split('\n').filter((line) => /^ "/.test(line));
  const [linker, ...words] = commands.length === 1 ? quotedWords(commands[0] ?? '') : [];
  if (linker === undefined || !/(?:^|[.-])(?:ld|mold|lld)(?:$|[.-])/.test(basename(linker))) return undefined;
  const args = words.map((word) => (word === object ? objectName : word === output ? outputMark : word));
  const once = (test: (arg: string) => boolean): boolean => args.filter(test).length === 1;
  const whole =
    once((arg) => arg === objectName) && once((arg) => arg === outputMark) && once((arg) => arg.includes(nameMark));
  return whole ? { linker, args } : undefined;
}

/** `"a" "b\"c"`: clang puts every argument in quotes and a backslash before quote, backslash and dollar. */
export function quotedWords(line: string): readonly string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = '']) => word.replace(/\\(.)/g, '$1'));
}
