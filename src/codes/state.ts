import type { CodeText } from './types.js';

/** Reasons of a verdict that are about state: what became of variables, fields and what they point to. */
export const stateCodes: readonly CodeText[] = [
  {
    code: 'HM410',
    title: 'initial value changed',
    meaning:
      'The source gives a variable another initial value. A variable that still has its old initial value takes the new ' +
      'one, which is SAFE. One that has changed since keeps its live value, and the WARNING says so.',
    remedy: 'Mark the variable with HOTMOD_RESET (hotmod_state.h) where it should start afresh at every reload.',
  },
  {
    code: 'HM411',
    title: 'variable starts afresh',
    meaning: 'The variable is marked with HOTMOD_RESET, so it begins with its initial value after each reload.',
    remedy: 'Nothing to do. Take HOTMOD_RESET away to have its value kept.',
  },
  {
    code: 'HM412',
    title: 'variable moved to another place',
    meaning:
      'A variable of this name and no other is gone from one file, namespace or function, and one is new in another. ' +
      'They are taken to be the same, and the value is carried over.',
    remedy: 'Nothing to do where that is so. Otherwise give one of them another name.',
  },
  {
    code: 'HM413',
    title: 'carried over under a new name',
    meaning: 'HOTMOD_WAS names the variable or field whose value this one takes over.',
    remedy: 'HOTMOD_WAS may be taken away after this reload; it does no harm where it stays.',
  },
  {
    code: 'HM420',
    title: 'value dropped',
    meaning:
      'A variable or a field of state is gone from the source, and its value goes with it. The message names it.',
    remedy: 'Where another one takes its place, write HOTMOD_WAS("old name") after the new name (hotmod_state.h).',
  },
  {
    code: 'HM421',
    title: 'layout converted by name',
    meaning:
      'Fields of a struct that state holds by value were added or moved. Each field keeps its value; new ones start with ' +
      'the initial value that the new source gives them, which is zero where it gives none.',
    remedy: 'Nothing to do.',
  },
  {
    code: 'HM422',
    title: 'type converted',
    meaning:
      'A variable or field has another type now that can hold every value of the old one, or nearly: int to long, int to double.',
    remedy: 'Nothing to do. A floating-point type may round large integers.',
  },
  {
    code: 'HM423',
    title: 'renamed?',
    meaning:
      'One variable or field is gone and one of the same type is new in the same place. That may be a rename, but ' +
      'nothing proves it: the new one starts with its initial value.',
    remedy: 'Write HOTMOD_WAS("old name") after the new name to carry the value over (hotmod_state.h).',
  },
  {
    code: 'HM424',
    title: 'narrower type',
    meaning:
      'A variable or field has a type now that cannot hold every value of the old one. The live values are looked at ' +
      'before anything changes: where all of them fit it is a WARNING, otherwise UNSAFE.',
    remedy: 'Keep the wider type, or use --force: values that do not fit then become the nearest that do.',
  },
  {
    code: 'HM425',
    title: 'array longer',
    meaning:
      'An array has more elements now. The old ones keep their values and the new ones start with their initial values.',
    remedy: 'Nothing to do.',
  },
  {
    code: 'HM426',
    title: 'array shorter',
    meaning:
      'An array has fewer elements now. Where all that are dropped are zero it is a WARNING, otherwise UNSAFE, because ' +
      'values would be lost.',
    remedy: 'Keep the length, let the program empty the elements first, or drop them with --force.',
  },
  {
    code: 'HM427',
    title: 'enumerators renumbered',
    meaning: 'The numbers of an enumeration changed. Values are carried over by the names of its enumerators.',
    remedy: 'Nothing to do. Numbers that were written elsewhere (files, the heap) keep the old meaning.',
  },
  {
    code: 'HM428',
    title: 'enumerator removed',
    meaning: 'An enumeration has lost a member. Where a live value has it the reload is UNSAFE, otherwise a WARNING.',
    remedy: 'Keep the enumerator as long as values have it, or use --force to keep the bare number.',
  },
  {
    code: 'HM431',
    title: 'changed type behind a pointer',
    meaning:
      'State points to objects of a type whose layout changed. Objects on the heap keep the old layout, and the new code ' +
      'would read them wrongly. Where every live pointer leads to a variable of the module, which is converted, it is a ' +
      'WARNING only.',
    remedy:
      'Migrate the objects in a load_state (a function to start from is printed with the verdict), or use --force where ' +
      'none of them lives.',
  },
  {
    code: 'HM432',
    title: 'union changed',
    meaning: 'A union in the state has other members now. Which of them lives is only known to the code.',
    remedy: 'Give the module save_state and load_state with a migration, or replace the union by a struct.',
  },
  {
    code: 'HM433',
    title: 'void pointer and changed types',
    meaning:
      'State holds a void pointer, and a struct of the module has another layout now. What the pointer leads to may be ' +
      'one of those.',
    remedy: 'Give the pointer its real type, so that it can be followed; or use --force where you know that it fits.',
  },
  {
    code: 'HM434',
    title: 'flexible array changed',
    meaning:
      'A struct that ends with an array of no fixed length changed. How many elements live is only known to the code.',
    remedy: 'Give the module save_state and load_state with a migration.',
  },
  {
    code: 'HM435',
    title: 'another kind of thing',
    meaning:
      'A variable or field of this name is of a kind now that cannot be made of the old one: a struct of a number, a pointer of an integer.',
    remedy: 'Give the new one another name, or migrate the value in load_state. With --force it starts afresh.',
  },
  {
    code: 'HM436',
    title: 'pointer to a function that is gone',
    meaning: 'A function pointer in the state leads to a function that the new version does not have.',
    remedy: 'Keep the function until nothing points to it. With --force the pointer becomes NULL.',
  },
  {
    code: 'HM437',
    title: 'pointer into the old version',
    meaning:
      'A pointer in the state leads into the library that runs, to nothing that has a counterpart in the new one: a ' +
      'variable that is gone, the middle of a function, storage without a name. Or an object on the heap may hold such a ' +
      'pointer, and objects on the heap are not rewritten.',
    remedy: 'Keep what it points to. With --force the pointer becomes NULL.',
  },
  {
    code: 'HM438',
    title: 'no types of the state',
    meaning:
      'The module has variables, and the debug information that says what they are is missing, damaged, or in a form ' +
      'that is not read. Unknown is never unchanged.',
    remedy:
      'Build with -g, without -s and strip, and without -gsplit-dwarf. Or give the module save_state and load_state.',
  },
  {
    code: 'HM439',
    title: 'storage without a type',
    meaning:
      'A part of the writable memory of the module belongs to no variable with a type: labels in assembly, objects that ' +
      'were built without -g.',
    remedy:
      'Define the storage in C and refer to it from assembly, build every source with -g, or move constants to .rodata.',
  },
  {
    code: 'HM440',
    title: 'variables that cannot be told apart',
    meaning: 'Several variables of one name could be the one that was there before.',
    remedy: 'Give them different names.',
  },
  {
    code: 'HM441',
    title: 'thread-local variables',
    meaning: 'Thread-local variables belong to threads, not to the library, and start afresh in the new version.',
    remedy: 'Keep what must survive in ordinary variables.',
  },
  {
    code: 'HM442',
    title: 'module starts threads',
    meaning:
      'The module imports functions that start threads. Threads that run go on in the old code, which stays ' +
      'in memory as long as they do (HM576).',
    remedy: 'End them in prepare_reload and start them again in complete_reload and rollback_reload.',
  },
  {
    code: 'HM443',
    title: 'exported function changed its type',
    meaning:
      'An exported function has other parameters or another result now. Where a loaded module calls it, the reload is UNSAFE.',
    remedy: 'Change the callers in the same save, or export the new form under another name.',
  },
  {
    code: 'HM444',
    title: 'code on the heap stays old',
    meaning:
      'Objects behind pointers hold addresses of functions or virtual tables. They are not rewritten: those objects go on ' +
      'using the code of the version that made them, which stays in memory as long as anything points to it.',
    remedy: 'Nothing must be done. Objects made from now on use the new code.',
  },
  {
    code: 'HM445',
    title: 'saved state may have another layout',
    meaning:
      'The module saves its state by itself, a struct of it has another layout now, and neither its version nor a ' +
      'migration says that load_state knows.',
    remedy:
      'Raise the version and give the module a migrate_state, declare the saved struct with HOTMOD_STATE_TYPE, or drop ' +
      'save_state and load_state: variables are carried over by themselves.',
  },
];
