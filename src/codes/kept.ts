import type { CodeText } from './types.js';

/** Why a version that nothing runs any more stays in memory. None of these is an error: the program goes on as it should. */
export const keptCodes: readonly CodeText[] = [
  {
    code: 'HM574',
    title: 'old version stays: a variable points into it',
    meaning:
      'A variable of a module holds the address of something in a version that was replaced: a function, a text, a table. ' +
      'Unloading it would leave the variable pointing nowhere, so it stays in memory until the variable is changed.',
    remedy:
      'Look at the variable with `hotmod inspect`. Where another module keeps an address that it asked for once ' +
      '(module_get_symbol), have it ask again after a reload; where it is a text, copy it instead of keeping its address.',
  },
  {
    code: 'HM575',
    title: 'old version stays: memory points into it',
    meaning:
      'An object on the heap, a word on a stack, or the state that a version saved holds the address of something in a ' +
      'version that was replaced: a callback, a text, the virtual functions of an object. It was found by searching all ' +
      'memory, where every word counts as a pointer, so that a number may look like one.',
    remedy:
      'Where objects keep callbacks or texts of the code, set them anew after a reload (complete_reload, load_state), or copy ' +
      'the texts. A few kept versions cost only their memory.',
  },
  {
    code: 'HM576',
    title: 'old version stays: a thread is inside',
    meaning:
      'A thread that was started by a version that was replaced still runs in its code, or returns to it. It goes on with the ' +
      'code and the variables of that version; the new version does not know of it. To find out where a thread stands it is ' +
      'sent a signal, but only where its stack shows traces of the old version; one that blocks that signal counts as inside.',
    remedy:
      'End threads in prepare_reload or shutdown and start them again in complete_reload or init. The version is unloaded ' +
      'after the next reload that finds the thread gone.',
  },
  {
    code: 'HM577',
    title: 'old version stays: a symbol of it is still used',
    meaning:
      'Another module uses a function or a variable that the new version of its provider does not have any more. It goes on ' +
      'with the old one, which therefore stays in memory.',
    remedy: 'Give the symbol back, or take its use out of the module that the message names.',
  },
  {
    code: 'HM578',
    title: 'old version stays: the loader keeps it',
    meaning:
      'The version was closed, but the memory map of the process still shows its file: the system keeps it. It does so for ' +
      'libraries with unique symbols (templates and inline variables built by g++), while thread_local objects with ' +
      'destructors live in a thread, and while another library uses it.',
    remedy:
      'Build with -fno-gnu-unique. End the threads that used thread_local objects of the module. Close what the module opened ' +
      'with dlopen.',
  },
  {
    code: 'HM579',
    title: 'old version stays',
    meaning:
      'The version is never unloaded: it crashed, so that nobody knows what holds on to it; unloading it would destroy ' +
      'objects that its successor uses (destructors of static objects that were not built by hotmod); or the system does not ' +
      'tell enough of it.',
    remedy: 'Nothing needs to be done: it costs only its memory. Restarting the session frees it.',
  },
];
