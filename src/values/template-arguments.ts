/** `map<int, std::pair<a, b> >` has `int` and `std::pair<a, b>`. Empty where the name is no template's. */
export function templateArguments(name: string): readonly string[] {
  const open = name.indexOf('<');
  if (open < 0 || !name.endsWith('>')) return [];
  const found: string[] = [];
  let depth = 0;
  let start = open + 1;
  for (let at = start; at < name.length - 1; at++) {
    const letter = name[at];
    if (letter === '<' || letter === '(' || letter === '[') depth++;
    else if (letter === '>' || letter === ')' || letter === ']') depth--;
    else if (letter === ',' && depth === 0) {
      found.push(name.slice(start, at).trim());
      start = at + 1;
    }
  }
  return [...found, name.slice(start, -1).trim()];
}
