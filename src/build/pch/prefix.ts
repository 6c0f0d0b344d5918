/** One `#include` line of a prefix. */
export interface PrefixInclude {
  readonly name: string;
  /** Looked for beside the source first (`"x.h"`), or only along the search path (`<x.h>`). */
  readonly beside: boolean;
  /** Bytes from the start of the source to the end of this line, its line break included. */
  readonly end: number;
}

const blank = /^[ \t]*$/;
const include = /^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n\\]+)"|<([^>\n\\]+)>)[ \t]*$/;

/**
 * The leading run of `#include` lines of a C or C++ source: before and between them stand only blank lines and comments,
 * so that nothing in the source can change what the headers mean. It ends before the first line that is anything else, a
 * macro, a condition or a pragma for example. What is in any way hard to read ends it too (a line continued with a
 * backslash, a name made by a macro, a comment that goes on behind an include); the answer is then shorter, never wrong.
 *
 * @param source bytes of the file; offsets count bytes, as clang's `-preamble-bytes` does
 */
export function leadingIncludes(source: Buffer): readonly PrefixInclude[] {
  const found: PrefixInclude[] = [];
  // One character is one byte in Latin-1, and whatever a byte means in another encoding, it is no letter of ours.
  const text = source.toString('latin1');
  let inComment = false;
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    // An include on a last line without a line break is left to the compiler.
    if (newline < 0) break;
    const end = newline + 1;
    const line = text.slice(start, newline).replace(/\r$/, '');
    start = end;
    // A continued line and a trigraph can make one line of two; a lone carriage return is a line break to some.
    if (/\\[ \t]*$|\?\?|[\r\0]/.test(line)) break;
    const read = withoutComments(line, inComment);
    inComment = read.inComment;
    if (blank.test(read.code)) continue;
    const [, quoted, angled] = inComment ? [] : (include.exec(read.code) ?? []);
    const name = quoted ?? angled;
    if (name === undefined) break;
    found.push({ name, beside: quoted !== undefined, end });
  }
  return found;
}

/** What of a line stands outside of comments. Inside the name of an include there is no comment: `<a//b>`. */
function withoutComments(line: string, startsInside: boolean): { readonly code: string; readonly inComment: boolean } {
  let code = '';
  let at = 0;
  let inside = startsInside;
  while (at < line.length) {
    if (inside) {
      const close = line.indexOf('*/', at);
      if (close < 0) return { code, inComment: true };
      inside = false;
      // A comment is a blank to the preprocessor.
      code += ' ';
      at = close + 2;
      continue;
    }
    const named = /^[ \t]*#[ \t]*include[ \t]*(?:"[^"]*"|<[^>]*>)/.exec(line.slice(at));
    if (named !== null && blank.test(code)) {
      code += named[0];
      at += named[0].length;
    } else if (line.startsWith('//', at)) {
      return { code, inComment: false };
    } else if (line.startsWith('/*', at)) {
      inside = true;
      at += 2;
    } else {
      code += line[at] ?? '';
      at++;
    }
  }
  return { code, inComment: inside };
}
