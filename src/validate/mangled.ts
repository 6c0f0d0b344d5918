/**
 * The plain name of a C++ function outside any namespace or class, from its mangled one (Itanium C++ ABI, section
 * 5.1.2: `_Z <length> <name> <parameter types>`); null for everything else. It serves one hint: that a function was
 * meant to be C and `extern "C"` was forgotten.
 */
export function plainName(symbol: string): string | null {
  const match = /^_Z(\d+)/.exec(symbol);
  if (match?.[1] === undefined) return null;
  const start = match[0].length;
  const name = symbol.slice(start, start + Number(match[1]));
  return name.length === Number(match[1]) ? name : null;
}
