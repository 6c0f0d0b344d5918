import type { CompileStep } from '../steps.js';

/**
 * Whether a unit's object can be the answer for another project or a later time: what its flags make the compiler read
 * and write must be known to the last file. So these are the flags that are known to read nothing but the headers that
 * the compiler lists, and to write nothing beside the object; any other keeps the unit out of the shared cache.
 */
const known: readonly RegExp[] = [
  /^-g(?:[0-3]|dwarf(?:-[2-5])?|gdb|line-tables-only|(?:no-)?column-info|(?:no-)?strict-dwarf)?$/,
  /^-O(?:[0-3sgz]|fast)?$/,
  /^-W(?![alp],)/,
  /^-(?:w|ansi|pedantic|pedantic-errors|pthread|nostdinc|nostdinc\+\+)$/,
  /^-(?:std|stdlib)=/,
  /^--target=/,
  /^-m[\w=.,+-]+$/,
  /^-[DU]./,
  /^-(?:I|isystem|iquote|idirafter)./,
  /^-f(?:no-)?(?:PIC|pic|PIE|pie|omit-frame-pointer|exceptions|rtti|strict-aliasing|wrapv|trapv|common|builtin|math-errno|fast-math|unroll-loops|inline|inline-functions|signed-char|unsigned-char|short-enums|stack-protector(?:-\w+)?|standalone-debug|limit-debug-info|gnu-unique|crash-diagnostics|data-sections|function-sections|asynchronous-unwind-tables|color-diagnostics|emit-class-debug-always|freestanding)$/,
  /^-fvisibility(?:-inlines-hidden|=\w+)$/,
  /^-f(?:diagnostics-color|debug-compilation-dir|file-compilation-dir)=/,
];

/** Options whose value is the next word. */
const withValue: ReadonlySet<string> = new Set(['-I', '-isystem', '-iquote', '-idirafter', '-D', '-U']);

export function isShareable({ language, launcher, flags }: CompileStep): boolean {
  // What a launcher gives is the launcher's to answer for, and to keep.
  if (launcher.length > 0) return false;
  // What the assembler reads by itself (.incbin) is in no list of headers.
  if (language === 'asm') return false;
  return flags.every(
    (flag, at) => withValue.has(flag) || withValue.has(flags[at - 1] ?? '') || known.some((form) => form.test(flag)),
  );
}

/**
 * Whether the project's folder goes into the object by debug information (DWARF 5, 3.1.1: DW_AT_comp_dir). Told to write
 * another folder there (`-ffile-compilation-dir=.`), clang has the whole path in the source's name instead.
 */
export function namesItsFolder({ flags }: CompileStep): boolean {
  return flags.findLast((flag) => /^-g(?:[0-3]|dwarf|gdb|line|$)/.test(flag)) !== '-g0';
}

/** Words in a text that make the object depend on more than what the files hold. */
export interface TextTraits {
  /** It asks for the time, or has the assembler read a file. */
  readonly volatile: boolean;
  /** It asks under what name a file was opened. */
  readonly asksNames: boolean;
}

export function traitsOf(text: string): TextTraits {
  return {
    volatile: /__(?:DATE|TIME|TIMESTAMP)__|\.(?:incbin|include)\b/.test(text),
    asksNames: /__(?:FILE|BASE_FILE|FILE_NAME)__|__builtin_(?:FILE|source_location)/.test(text),
  };
}
