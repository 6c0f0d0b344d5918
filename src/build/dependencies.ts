import { readFileSync } from 'node:fs';

/**
 * Prerequisites of a dependency file as compilers write it with `-MMD -MF`: one make rule, lines continued with a
 * backslash, blanks escaped as `\ `, `#` as `\#`, `$` as `$$` (GNU make manual, "Rule Syntax"; both clang and gcc).
 * The target is not looked at, so the rule must have been written with a `-MT` name without special characters.
 */
export function parseDependencyFile(text: string): readonly string[] {
  const paths: string[] = [];
  const start = text.indexOf(':');
  if (start < 0) return paths;
  let path = '';
  for (let at = start + 1; at <= text.length; at++) {
    const char = text[at] ?? '\n';
    const next = text[at + 1] ?? '';
    if (char === '\\' && (next === ' ' || next === '#')) {
      path += next;
      at++;
    } else if (char === '$' && next === '$') {
      path += '$';
      at++;
    } else if (char === '\\' && (next === '\n' || next === '\r')) {
      at++;
    } else if (/\s/.test(char)) {
      if (path !== '') paths.push(path);
      path = '';
    } else {
      path += char;
    }
  }
  return paths;
}

/** The same from a file. Undefined where the compiler wrote none: for assembly without preprocessor, or after a missing header. */
export function readDependencyFile(path: string): readonly string[] | undefined {
  try {
    return parseDependencyFile(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** A name as a source file asks for it. */
export interface IncludeName {
  readonly name: string;
  /** Looked for beside the including file first (`"x.h"`), or only along the search path (`<x.h>`). */
  readonly beside: boolean;
}

const includeLine = /^[ \t]*#[ \t]*(?:include|include_next|import|embed)[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>)/gm;
const hasInclude = /__has_include(?:_next)?\s*\(\s*(?:"([^"\n]+)"|<([^>\n]+)>)\s*\)/g;
const assemblerLine = /^[ \t]*\.(?:include|incbin)[ \t]+"([^"\n]+)"/gm;

/**
 * Names of files that a source or header may read, whether or not the line is active. Names made by macros are not
 * found. The preprocessor's own answer is the dependency file; this list says where a new file could come between,
 * what a failed compile was missing, and what `.incbin` reads, which no dependency file tells.
 */
export function scanIncludes(text: string): readonly IncludeName[] {
  const found = new Map<string, IncludeName>();
  for (const pattern of [includeLine, hasInclude]) {
    for (const [, quoted, angled] of text.matchAll(pattern)) {
      const name = quoted ?? angled ?? '';
      found.set(`${quoted === undefined} ${name}`, { name, beside: quoted !== undefined });
    }
  }
  return [...found.values()];
}

/** Files that an assembly source reads by `.include` or `.incbin`, looked for from the working folder. */
export function scanAssemblerFiles(text: string): readonly string[] {
  return [...text.matchAll(assemblerLine)].map(([, name]) => name ?? '');
}
