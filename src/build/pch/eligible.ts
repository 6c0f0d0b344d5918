import type { CompileStep } from '../steps.js';

/** Options that take the next word of the command line. */
const withWord = /^-(?:[IDU]|isystem|iquote|idirafter|isysroot|-sysroot|target|arch)$/;

/**
 * Options of which it is known that clang compares them with those of the precompiled header, or that they mean the same
 * with and without one. Any other makes the unit be compiled plainly: some write what a precompiled header does not hold
 * (`-fdebug-macro`, `-fno-eliminate-unused-debug-types`), some put text before the first line (`-include`), some bring a
 * precompiled header of their own.
 */
const known = [
  /^-[IDU]./,
  /^-(?:isystem|iquote|idirafter|isysroot)./,
  /^--(?:sysroot|target)=/,
  /^-O[0-3sgz]?$/,
  /^-g(?:[012]|gdb|lldb|dwarf-[2-5])?$/,
  /^-std=(?:c|gnu)(?:\+\+)?\w+$/,
  /^-W(?![apl],)[\w+=-]+$/,
  /^-w$/,
  /^-pedantic(?:-errors)?$/,
  /^-m(?!llvm)[\w.=+,-]+$/,
  /^-pthread$/,
  /^-stdlib=/,
  /^-Qunused-arguments$/,
  /^-nostdinc(?:\+\+)?$/,
  /^-f(?:visibility|tls-model|ffp-contract|error-limit|template-depth|constexpr-(?:depth|steps)|message-length)=[\w-]+$/,
  /^-f(?:no-)?(?:pic|PIC|omit-frame-pointer|crash-diagnostics|standalone-debug|exceptions|cxx-exceptions|rtti|common)$/,
  /^-f(?:no-)?(?:strict-aliasing|wrapv|signed-char|unsigned-char|short-enums|builtin|math-errno|fast-math|char8_t)$/,
  /^-f(?:no-)?(?:function-sections|data-sections|visibility-inlines-hidden|asynchronous-unwind-tables|unwind-tables)$/,
  /^-f(?:no-)?(?:stack-protector(?:-strong|-all)?|threadsafe-statics|semantic-interposition|plt|ident|ms-extensions)$/,
  /^-f(?:no-)?(?:color-diagnostics|delete-null-pointer-checks|sized-deallocation|aligned-allocation|use-cxa-atexit)$/,
];

/** Why a unit cannot take a precompiled header whatever its text; null where nothing speaks against it. */
export function obstacle({
  language,
  launcher,
  flags,
}: Pick<CompileStep, 'language' | 'launcher' | 'flags'>): string | null {
  if (launcher.length > 0) return 'its compile command is given to a launcher';
  if (language !== 'c' && language !== 'c++') return `it is ${language}`;
  for (let at = 0; at < flags.length; at++) {
    const flag = flags[at] ?? '';
    if (withWord.test(flag)) at++;
    else if (!known.some((pattern) => pattern.test(flag))) return `it is compiled with ${flag}`;
  }
  return null;
}

/** Those of the time, and the name of the source, which is another while headers are precompiled. */
const unkeptMacro = /\b__(?:DATE|TIME|TIMESTAMP|BASE_FILE)__\b/;
const pragma = /^[ \t]*#[ \t]*pragma\b[ \t]*(.*)$/gm;
const pragmaInMacro = /\b_Pragma[ \t]*\([ \t]*(?:L|u8)?"[ \t]*(clang[ \t]+section\b[^"]*)"/;

/** Pragmas that end with the header, or whose effect clang keeps in a precompiled header (ASTWriter.cpp). */
const keptPragma =
  /^(?:once|message|pack|weak|region|endregion|push_macro|pop_macro|(?:GCC|clang)[ \t]+(?:diagnostic|system_header|visibility|poison|warning|error|deprecated)|STDC[ \t]+FP_CONTRACT)\b/;
/** Written for another compiler; clang passes over it. */
const othersPragma = /^(?:omp|warning|comment|ident|names|error_messages|intel|acc|ivdep)\b/;

/** Why a header must be read anew by every compile; null where it need not be. */
export function headerObstacle(text: string): string | null {
  const macro = unkeptMacro.exec(text);
  if (macro !== null) return `uses ${macro[0]}`;
  for (const [, line = ''] of text.matchAll(pragma)) {
    const words = line.trim();
    if (words !== '' && !keptPragma.test(words) && !othersPragma.test(words)) return `has #pragma ${words}`;
  }
  // Most macros with a pragma in them are for the code that uses them; this one would go on behind the header.
  const inMacro = pragmaInMacro.exec(text)?.[1];
  return inMacro === undefined ? null : `has _Pragma ${inMacro}`;
}
