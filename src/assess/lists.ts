/** `a, b, c and 4 more`: names in a sentence, few enough to read. */
export function listNames(names: readonly string[], most = 6): string {
  const some = names.slice(0, most).join(', ');
  return names.length > most ? `${some} and ${names.length - most} more` : some;
}
